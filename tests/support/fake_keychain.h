// SPDX-License-Identifier: GPL-3.0-or-later
//
// A keychain in memory that answers at once, or keeps its answers back until the test lets them go.
#pragma once

#include "keychain/keychain.h"

#include <map>
#include <utility>
#include <vector>

namespace postern::test {

class FakeKeychain final : public keychain::Keychain {
  public:
    std::map<QByteArray, QByteArray> entries;
    keychain::State trouble = keychain::State::Done; // else: this is all it answers
    bool isSlow = false;                             // answers wait for deliver()
    std::vector<QByteArray> asked;                   // names, in their order

    void ask(keychain::Question question, keychain::Done done) override {
        asked.push_back(question.name);
        if (isSlow)
            m_waiting.push_back([this, question = std::move(question), done = std::move(done)] { done(answerTo(question)); });
        else
            done(answerTo(question));
    }
    void deliver() {
        for (const auto& answer : std::exchange(m_waiting, {}))
            answer();
    }

  private:
    keychain::Answer answerTo(const keychain::Question& question) {
        if (trouble != keychain::State::Done)
            return {trouble, {}, "said the bus"};
        const auto at = entries.find(question.name);
        switch (question.verb) {
        case keychain::Verb::Write:
            entries[question.name] = question.value.expose().toByteArray();
            return {keychain::State::Done, {}, {}};
        case keychain::Verb::Remove:
            return {entries.erase(question.name) ? keychain::State::Done : keychain::State::NotFound, {}, {}};
        case keychain::Verb::Read:
            break;
        }
        if (at == entries.end())
            return {keychain::State::NotFound, {}, {}};
        return {keychain::State::Done, Secret(at->second), {}};
    }

    std::vector<std::function<void()>> m_waiting;
};

} // namespace postern::test
