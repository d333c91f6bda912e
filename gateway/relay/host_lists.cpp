// SPDX-License-Identifier: GPL-3.0-or-later
#include "relay/host_lists.h"

#include "base/log.h"
#include "tables/table_text.h"

#include <algorithm>

namespace postern::relay {
namespace {

using namespace std::chrono_literals;

constexpr qint64 kSmall = 16 * 1024;
constexpr qint64 kLargest = 1024 * 1024; // of a list of relays
constexpr Milliseconds kLargeAgain = 1s;

} // namespace

void HostLists::refresh(Known& known, const policy::RelaySpec& spec, SteadyTime now) {
    if (now < known.lookAgain)
        return;
    const auto text = m_files.read(spec.hostFile, 0, kLargest + 1);
    if (text && text->size() > kSmall)
        known.lookAgain = now + kLargeAgain;
    if (text && known.wasRead && *text == known.text)
        return;
    QByteArray trouble;
    QByteArrayList found;
    if (!text) {
        trouble = text.error().text;
    } else if (text->size() > kLargest) {
        trouble = "the list is larger than 1 MiB";
    } else {
        const tables::TableText parsed = tables::parseTableText(*text);
        for (const tables::Entry& entry : parsed.entries) {
            const QByteArray key = entry.key.toLower();
            if (!policy::RelayUrl::parse(key, spec.era))
                trouble = "\"" + harmless(policy::shownLabel(key), 100) + "\" is no relay URL";
            else if (!found.contains(key))
                found.append(key);
        }
        if (!parsed.problems.empty())
            trouble = "line " + QByteArray::number(parsed.problems.front().line) + ": " + parsed.problems.front().text;
        else if (found.isEmpty() && trouble.isEmpty())
            trouble = "the list is empty";
    }
    if (trouble.isEmpty()) {
        if (known.wasRead)
            log(LogLevel::Notice, LogArea::Relay,
                "the list of relays in " + spec.hostFile + " was changed and read again: " + QByteArray::number(found.size()) +
                    (found.size() == 1 ? " relay" : " relays"));
        known.text = *text;
        known.wasRead = true;
        std::sort(found.begin(), found.end());
        known.inTurn = found;
    } else if (trouble != known.trouble) {
        log(LogLevel::Warning, LogArea::Relay,
            "the list of relays in " + spec.hostFile + " does not read: " + trouble +
                (known.inTurn.isEmpty() ? "" : "; the one from before is used"));
    }
    known.trouble = trouble;
}

Result<std::vector<policy::RelayUrl>> HostLists::next(const policy::RelaySpec& spec, SteadyTime now) {
    Known& known = m_known[spec.hostFile];
    refresh(known, spec, now);
    if (known.inTurn.isEmpty())
        return Error{ErrorCode::Unavailable, spec.hostFile + ": " + known.trouble, Permanence::Temporary};
    std::vector<policy::RelayUrl> urls;
    const qsizetype size = known.inTurn.size();
    const auto first = qsizetype(known.turn++ % quint64(size));
    for (qsizetype i = 0; i < size; ++i)
        if (auto url = policy::RelayUrl::parse(known.inTurn[(first + i) % size], spec.era))
            urls.push_back(std::move(url).value());
    return urls;
}

} // namespace postern::relay
