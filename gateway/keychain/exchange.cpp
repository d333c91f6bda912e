// SPDX-License-Identifier: GPL-3.0-or-later
#include "keychain/exchange.h"

#include "base/log.h"

#include <QByteArrayList>

#include <array>
#include <utility>

namespace postern::keychain {
namespace {

constexpr qsizetype kMostDetail = 300;

constexpr auto kVerbs = std::to_array<std::pair<Verb, const char*>>(
    {{Verb::Read, "read"}, {Verb::Write, "write"}, {Verb::Remove, "remove"}});
constexpr auto kStates = std::to_array<std::pair<State, const char*>>({{State::Done, "done"},
                                                                        {State::NotFound, "not-found"},
                                                                        {State::NoService, "no-service"},
                                                                        {State::Locked, "locked"},
                                                                        {State::Denied, "denied"},
                                                                        {State::TooSlow, "too-slow"},
                                                                        {State::NotBuilt, "not-built"},
                                                                        {State::Failed, "failed"}});

template <class T>
QByteArray wordOf(const auto& words, T value) {
    for (const auto& [known, word] : words)
        if (known == value)
            return word;
    return {};
}

template <class T>
bool valueOf(const auto& words, QByteArrayView word, T& value) {
    for (const auto& [known, name] : words) {
        if (word == QByteArrayView(name)) {
            value = known;
            return true;
        }
    }
    return false;
}

Secret joined(QByteArray head, const Secret& value) {
    head.reserve(head.size() + value.expose().size() + 16);
    head += QByteArray::number(value.expose().size()) + '\n';
    head += value.expose();
    return Secret(std::move(head));
}

// The words of the first line, without the length in the end, and the octets behind it, all of them.
struct Parts {
    QByteArrayList words;
    Secret value;
};

std::optional<Parts> split(QByteArrayView bytes) {
    const qsizetype end = bytes.indexOf('\n');
    if (end < 0 || bytes.size() > kMostExchanged)
        return std::nullopt;
    Parts parts{bytes.first(end).toByteArray().split(' '), Secret(bytes.sliced(end + 1).toByteArray())};
    bool isNumber = false;
    const qsizetype size = parts.words.takeLast().toLongLong(&isNumber);
    if (!isNumber || size != parts.value.expose().size())
        return std::nullopt;
    return parts;
}

} // namespace

Secret toBytes(const Question& question) {
    return joined(wordOf(kVerbs, question.verb) + ' ' + question.name.toHex() + (question.mayAsk ? " asking " : " "),
                  question.value);
}

std::optional<Question> questionFrom(QByteArrayView bytes) {
    auto parts = split(bytes);
    Question question;
    if (!parts || parts->words.size() < 2 || parts->words.size() > 3 || !valueOf(kVerbs, parts->words[0], question.verb))
        return std::nullopt;
    question.name = QByteArray::fromHex(parts->words[1]);
    question.mayAsk = parts->words.size() == 3;
    question.value = std::move(parts->value);
    return question;
}

Secret toBytes(const Answer& answer) {
    return joined(wordOf(kStates, answer.state) + ' ' + answer.detail.left(kMostDetail).toHex() + ' ', answer.value);
}

std::optional<Answer> answerFrom(QByteArrayView bytes) {
    auto parts = split(bytes);
    Answer answer;
    if (!parts || parts->words.size() != 2 || !valueOf(kStates, parts->words[0], answer.state))
        return std::nullopt;
    answer.detail = harmless(QByteArray::fromHex(parts->words[1]), kMostDetail);
    answer.value = std::move(parts->value);
    return answer;
}

} // namespace postern::keychain
