// SPDX-License-Identifier: GPL-3.0-or-later
#include "config/own_words.h"

#include <array>

namespace postern::config {

namespace {

constexpr auto kOwnWords = std::to_array<OwnWord>({
    {"action NAME catch", "action a catch\nmatch for any action a\n", "keeps mail in the queue for reading and never sends it",
     true},
    {"listen on IF port 0", "listen on lo port 0\nmatch for any reject\n",
     "lets the system choose a port, which is told when the gateway starts", true},
    {"table NAME keychain", "table t keychain\nmatch for any reject\n",
     "serves the logins that are kept in the system's keychain, by label", true},
    {"queue encryption keychain", "queue encryption keychain\nmatch for any reject\n",
     "takes the key of the encrypted queue from the system's keychain when the gateway starts", true},
    {"action NAME relay host RELAYS order round-robin|random|ratio|failover",
     "action a relay host { \"smtp://a\", \"smtp://b\" } order failover\nmatch for any action a\n",
     "says which of several relays is tried next; OpenSMTPD takes them in turn", false},
    {"action NAME relay max-rate NUMBER per TIME",
     "action a relay host \"smtp://a\" max-rate 100 per 1m\nmatch for any action a\n",
     "sends no more messages than that through this action's relays", false},
    {"action NAME relay max-connections NUMBER",
     "action a relay host \"smtp://a\" max-connections 2\nmatch for any action a\n",
     "opens no more connections than that to this action's relays at a time", false},
});

} // namespace

std::span<const OwnWord> ownWords() {
    return kOwnWords;
}

} // namespace postern::config
