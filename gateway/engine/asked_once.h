// SPDX-License-Identifier: GPL-3.0-or-later
//
// What the name servers said, kept for ten minutes (a failure for one), and asked once however many want to know.
//
// All of it is limited: too many answers and the old ones go, too many questions and the answer is Value() at once.
// Thread: its own. Lifetime: callers that wait must outlive it.
#pragma once

#include "base/clock.h"
#include "dns/resolver.h"

#include <functional>
#include <memory>
#include <optional>
#include <unordered_map>
#include <utility>
#include <vector>

namespace postern::engine {

template <class Value>
class AskedOnce {
  public:
    using Found = std::function<void(Value)>;
    AskedOnce(const Clock& clock, size_t mostWaiting) : m_clock(clock), m_mostWaiting(mostWaiting) {}

    // The answer if it is known by now; else `found` is called, never before this returns. ask() begins the question and
    // ends in conclude(); it is called if nobody has asked yet.
    template <class Ask>
    std::optional<Value> find(const QByteArray& key, Found found, Ask ask) {
        const auto known = m_known.find(key);
        if (known != m_known.end() && m_clock.steady() < known->second.until)
            return known->second.value;
        const auto asked = m_asked.find(key);
        if (asked != m_asked.end()) {
            if (asked->second.waiting.size() >= m_mostWaiting)
                return Value();
            asked->second.waiting.push_back(std::move(found));
            return std::nullopt;
        }
        if (m_asked.size() >= kMostAsked)
            return Value();
        Asked& question = m_asked[key];
        question.waiting.push_back(std::move(found));
        question.question = ask();
        return std::nullopt;
    }

    // The next question in place of the one that has just been answered, which a resolver allows. Nothing if none is open.
    template <class Ask>
    void goOn(const QByteArray& key, Ask ask) {
        if (const auto asked = m_asked.find(key); asked != m_asked.end())
            asked->second.question = ask();
    }

    void conclude(const QByteArray& key, const Value& value, bool isSure) {
        const SteadyTime now = m_clock.steady();
        if (m_known.size() >= kMostKnown)
            std::erase_if(m_known, [&](const auto& entry) { return entry.second.until <= now; });
        if (m_known.size() >= kMostKnown)
            m_known.clear();
        m_known[key] = {value, now + (isSure ? kKeep : kKeepFailure)};
        const auto node = m_asked.extract(key);
        if (node.empty())
            return;
        for (const Found& found : node.mapped().waiting)
            found(value);
    }

  private:
    static constexpr size_t kMostKnown = 10'000;
    static constexpr size_t kMostAsked = 500; // at once
    static constexpr Seconds kKeep{600};
    static constexpr Seconds kKeepFailure{60};

    struct Known {
        Value value{};
        SteadyTime until{};
    };
    struct Asked {
        std::unique_ptr<dns::Question> question;
        std::vector<Found> waiting;
    };
    struct Hash {
        size_t operator()(const QByteArray& key) const { return qHash(key); }
    };

    const Clock& m_clock;
    const size_t m_mostWaiting; // for one key
    std::unordered_map<QByteArray, Known, Hash> m_known;
    std::unordered_map<QByteArray, Asked, Hash> m_asked;
};

} // namespace postern::engine
