// SPDX-License-Identifier: GPL-3.0-or-later
//
// `keychain set|list|forget`: the profile's secrets in the system's keychain. They come from standard input or are typed,
// and are never shown; the desktop's own program for passwords shows them to their owner.
#include "ctl/arguments.h"
#include "ctl/commands.h"
#include "ctl/queue_key_prompt.h"

#include "base/log.h"
#include "config/suggest.h"
#include "engine/keychain_logins.h"
#include "keychain/keychain_program.h"
#include "policy/compile.h"
#include "queue/queue_key.h"
#include "queue/spool.h"
#include "tables/credentials.h"

#include <QFileInfo>
#include <QJsonArray>
#include <QJsonObject>

#include <set>

#include <unistd.h>

using namespace Qt::StringLiterals;

namespace postern::ctl {
namespace {

using keychain::State;
using keychain::Verb;

struct Subject {
    engine::Profile profile;
    keychain::KeychainPtr keychain;
    bool asJson = false;
    bool mayAsk = false; // somebody sits there: a locked keychain may ask for its password

    keychain::Answer ask(Verb verb, const QByteArray& name, const Secret& value = {}) const {
        return keychain::askNow(*keychain, {verb, name, value, mayAsk});
    }
    int fail(const QByteArray& text) const { return refuse(asJson, text); }
    int good(const QByteArray& words) const {
        if (asJson)
            outJson(QJsonObject{{u"ok"_s, true}});
        else
            out(words);
        return kGood;
    }
};

enum class Holds { Nothing, EncryptedMail, Unknown };

// Does the queue hold mail that only its key opens? Unknown: a gateway works on it, or it cannot be opened.
Holds queueHolds(const engine::Profile& profile, QByteArray& why) {
    if (!QFileInfo::exists(QFile::decodeName(profile.stateFolder + "/queue.db")))
        return Holds::Nothing;
    if (auto trusted = engine::checkFolders(profile); !trusted) {
        why = trusted.error().text;
        return Holds::Unknown;
    }
    engine::keepNewFilesPrivate();
    const auto lock = engine::StateLock::take(profile.stateFolder);
    if (!lock) {
        why = lock.error().text;
        return Holds::Unknown;
    }
    const auto files = makeDiskFileStore();
    const SystemClock clock;
    queue::SpoolSettings settings;
    settings.folder = profile.stateFolder;
    settings.seal = std::make_shared<const queue::Seal>();
    queue::Spool spool(*files, clock, settings);
    const auto opened = spool.open(); // without a key: refused if a message wants one
    if (opened) {
        spool.close();
        return Holds::Nothing;
    }
    why = opened.error().text;
    return opened.error().code == ErrorCode::Denied ? Holds::EncryptedMail : Holds::Unknown;
}

// 32 of 64 characters: 192 random bits, in a form that can be copied from the desktop's program for passwords.
Result<Secret> randomKey() {
    auto octets = queue::randomOctets(queue::QueueKey::kOctets * 3 / 4);
    if (!octets)
        return octets.error();
    Secret key(octets->toBase64(QByteArray::Base64UrlEncoding));
    wipe(*octets);
    return key;
}

int setQueueKey(const Subject& subject, bool isRandom) {
    const QByteArray name = subject.profile.queueKeyName();
    const keychain::Answer before = subject.ask(Verb::Read, name);
    if (before.state == State::Done)
        return subject.fail("the keychain has a key for this queue already, and it stays: mail encrypted with it could not be read "
                            "any more; \"posternctl keychain forget --queue-key\" takes it away once the queue is empty");
    if (before.state != State::NotFound)
        return subject.fail(keychain::reason(before));
    QByteArray why;
    if (isRandom && queueHolds(subject.profile, why) == Holds::EncryptedMail)
        return subject.fail("the queue in " + subject.profile.stateFolder + " holds encrypted mail that a new key could not read: "
                            "put the former key in, without --random");
    auto key = isRandom ? randomKey() : askSecret("key of the queue: ");
    if (!key)
        return subject.fail(key.error().text);
    if (const auto good = queue::QueueKey::from(*key); !good)
        return subject.fail(good.error().text);
    const keychain::Answer written = subject.ask(Verb::Write, name, *key);
    if (written.state != State::Done)
        return subject.fail(keychain::reason(written));
    const keychain::Answer back = subject.ask(Verb::Read, name);
    if (back.state != State::Done || back.value.expose() != key->expose())
        return subject.fail("the keychain does not give back what was put into it; do not use it for the queue's key");
    return subject.good("the key of the queue is in the keychain; \"queue encryption keychain\" uses it. Without it encrypted mail is "
                        "lost: back up the keychain, or copy the key with the desktop's program for passwords");
}

int setLogin(const Subject& subject, const QByteArray& label) {
    const keychain::Question asked{Verb::Write, subject.profile.keychainName(label), Secret(QByteArray("x"))};
    if (const auto good = keychain::checkForm(asked); !good || label.contains('\n'))
        return subject.fail("this label cannot be a name in the keychain");
    const auto login = askSecret("user:password for " + harmless(label, 80) + ": ");
    if (!login)
        return subject.fail(login.error().text);
    if (login->isEmpty())
        return subject.fail("nothing was given: the first line of standard input is to be USER:PASSWORD");
    if (const auto good = tables::parseRelayCredentials(label, login->expose()); !good)
        return subject.fail(good.error().text);
    if (const auto good = keychain::checkForm({Verb::Write, asked.name, *login}); !good)
        return subject.fail(good.error().text);
    const keychain::Answer written = subject.ask(Verb::Write, asked.name, *login);
    if (written.state != State::Done)
        return subject.fail(keychain::reason(written));
    if (const auto noted = engine::noteLabel(subject.profile, label, true); !noted)
        return subject.fail("the login is in the keychain, but \"keychain list\" will not know it: " + noted.error().text);
    return subject.good("the login for " + harmless(label, 80) + " is in the keychain");
}

int forgetQueueKey(const Subject& subject) {
    QByteArray why;
    switch (queueHolds(subject.profile, why)) {
    case Holds::EncryptedMail:
        return subject.fail("the queue in " + subject.profile.stateFolder +
                            " holds encrypted mail that nobody could read any more: let it leave first, or remove it");
    case Holds::Unknown:
        return subject.fail("it cannot be told whether the queue holds encrypted mail: " + why);
    case Holds::Nothing:
        break;
    }
    const keychain::Answer gone = subject.ask(Verb::Remove, subject.profile.queueKeyName());
    return gone.state == State::Done ? subject.good("the key of the queue is gone") : subject.fail(keychain::reason(gone));
}

int forgetLogin(const Subject& subject, const QByteArray& label) {
    const keychain::Answer gone = subject.ask(Verb::Remove, subject.profile.keychainName(label));
    if (gone.state != State::Done && gone.state != State::NotFound)
        return subject.fail(keychain::reason(gone));
    if (const auto noted = engine::noteLabel(subject.profile, label, false); !noted)
        return subject.fail(noted.error().text);
    return gone.state == State::Done ? subject.good("the login for " + harmless(label, 80) + " is gone")
                                     : subject.fail("the keychain has no login for " + harmless(label, 80));
}

// What the configuration asks the keychain for: labels of its relays, and the queue's key.
struct Wanted {
    std::set<QByteArray> labels;
    bool queueKey = false;
};

Wanted wantedBy(const engine::Profile& profile) {
    Wanted wanted;
    const auto files = makeDiskFileStore();
    if (!files->size(profile.configFile))
        return wanted;
    const auto rules = policy::compile(*files, profile.configFile, {}).ruleset;
    wanted.queueKey = rules->settings.queueKey == policy::QueueKey::Keychain;
    const auto add = [&wanted](const policy::RelaySpec& relay) {
        if (relay.credentials && relay.credentials->kind() == "keychain")
            for (const policy::RelayUrl& url : relay.urls)
                if (url.meaning().auth)
                    wanted.labels.insert(url.label().isEmpty() ? url.host() : url.label());
    };
    for (const auto& [name, action] : rules->actions)
        add(action->relay);
    for (const policy::Rule& rule : rules->rules)
        if (rule.action)
            add(rule.action->relay);
    return wanted;
}

int list(const Subject& subject) {
    Wanted wanted = wantedBy(subject.profile);
    for (const QByteArray& label : engine::keptLabels(subject.profile))
        wanted.labels.insert(label);
    QJsonArray all;
    bool isGood = true;
    const auto tell = [&](const QByteArray& kind, const QByteArray& label, const QByteArray& name, bool isWanted) {
        const keychain::Answer answer = subject.ask(Verb::Read, name);
        const bool isThere = answer.state == State::Done;
        if (!isThere && !isWanted && answer.state == State::NotFound)
            return; // a queue that is not encrypted has no key
        isGood = isGood && isThere;
        const QByteArray state = isThere ? QByteArray("there") : keychain::reason(answer);
        all.append(QJsonObject{{u"kind"_s, QString::fromLatin1(kind)},
                               {u"label"_s, label.isEmpty() ? QJsonValue() : QJsonValue(QString::fromUtf8(harmless(label, 200)))},
                               {u"there"_s, isThere},
                               {u"problem"_s, isThere ? QJsonValue() : QJsonValue(QString::fromUtf8(state))}});
        if (!subject.asJson)
            out((label.isEmpty() ? kind : kind + ' ' + harmless(label, 200)) + '|' + state);
    };
    tell("queue-key", {}, subject.profile.queueKeyName(), wanted.queueKey);
    for (const QByteArray& label : wanted.labels)
        tell("login", label, subject.profile.keychainName(label), true);
    if (subject.asJson)
        outJson(all);
    return isGood ? kGood : kErrorsFound;
}

} // namespace

int keychainCommand(const QByteArrayList& words) {
    const Arguments arguments(words, {"--json", "--queue-key", "--random"}, {"--profile", "--state", "-f"});
    QByteArrayList rest = arguments.words();
    const QByteArrayList verbs{"set", "list", "forget"};
    if (rest.isEmpty())
        throw UsageError{"keychain what? set, list or forget"};
    const QByteArray verb = rest.takeFirst();
    if (!verbs.contains(verb)) {
        const QByteArray meant = config::nearest(verb, verbs);
        throw UsageError{"there is no \"keychain " + harmless(verb, 40) + "\"; " +
                         (meant.isEmpty() ? "there are " + verbs.join(", ") : "did you mean " + meant + '?')};
    }
    const bool isQueueKey = arguments.has("--queue-key");
    if (arguments.has("--random") && (verb != "set" || !isQueueKey))
        throw UsageError{"--random makes a key of the queue: keychain set --queue-key --random"};
    if (verb == "list" && (isQueueKey || !rest.isEmpty()))
        throw UsageError{"keychain list takes no words"};
    if (verb != "list" && rest.size() != (isQueueKey ? 0 : 1))
        throw UsageError{rest.size() > 1 ? "keychain " + verb + " takes one label; a password comes from standard input, never from "
                                                               "the command line"
                                         : "keychain " + verb + " needs a LABEL, or --queue-key"};
    const Subject subject{profileFrom(arguments), keychain::systemKeychain(), arguments.has("--json"),
                          ::isatty(STDIN_FILENO) && ::isatty(STDERR_FILENO)};
    if (verb == "list")
        return list(subject);
    if (verb == "set")
        return isQueueKey ? setQueueKey(subject, arguments.has("--random")) : setLogin(subject, rest.first());
    return isQueueKey ? forgetQueueKey(subject) : forgetLogin(subject, rest.first());
}

} // namespace postern::ctl
