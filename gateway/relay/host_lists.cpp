// SPDX-License-Identifier: GPL-3.0-or-later
#include "relay/host_lists.h"

#include "base/log.h"
#include "tables/table_text.h"

#include <algorithm>
#include <numeric>

namespace postern::relay {
namespace {

using namespace std::chrono_literals;

constexpr qint64 kSmall = 16 * 1024;
constexpr qint64 kLargest = 1024 * 1024; // of a list of relays
constexpr Milliseconds kLargeAgain = 1s;
constexpr qsizetype kMostLists = 1000;   // inline lists of old envelopes; which of them had its turn is no great loss

std::vector<policy::RelayShare> sharesOf(const tables::TableText& parsed) {
    std::vector<policy::RelayShare> shares;
    for (const tables::Entry& entry : parsed.entries) {
        const QByteArray url = entry.key.toLower();
        const int share = parsed.shape == tables::Shape::Mapping ? std::clamp(entry.value.toInt(), 1, policy::kMostShare) : 1;
        const auto twin = std::find_if(shares.begin(), shares.end(), [&](const auto& one) { return one.url == url; });
        if (twin == shares.end())
            shares.push_back({url, share});
        else
            twin->share = share; // the last one counts
    }
    return shares;
}

} // namespace

bool HostLists::isListed(const policy::RelaySpec& spec) {
    return spec.hostTable && (!spec.hostFile.isEmpty() || spec.order != policy::RelayOrder::RoundRobin);
}

// Empty text: taken. Otherwise what is wrong, and nothing changed.
QByteArray HostLists::readInto(List& list, const std::vector<policy::RelayShare>& shares, policy::Era era) {
    if (shares.empty())
        return "is empty";
    std::vector<Relay> relays;
    for (const policy::RelayShare& share : shares) {
        auto url = policy::RelayUrl::parse(share.url, era);
        if (!url)
            return "holds a URL that cannot be used: " + url.error().text;
        relays.push_back({std::move(url).value(), share.share, 0});
    }
    list.relays = std::move(relays);
    list.turns.resize(list.relays.size());
    std::iota(list.turns.begin(), list.turns.end(), size_t(0));
    std::sort(list.turns.begin(), list.turns.end(),
              [&](size_t a, size_t b) { return list.relays[a].url.print() < list.relays[b].url.print(); });
    return {};
}

void HostLists::refresh(List& list, const policy::RelaySpec& spec, SteadyTime now) {
    if (now < list.lookAgain)
        return;
    const auto text = m_files.read(spec.hostFile, 0, kLargest + 1);
    if (text && text->size() > kSmall)
        list.lookAgain = now + kLargeAgain;
    if (text && list.wasRead && *text == list.text)
        return;
    QByteArray trouble;
    if (!text) {
        trouble = "could not be asked: " + harmless(text.error().text, 300);
    } else if (text->size() > kLargest) {
        trouble = "is larger than 1 MiB";
    } else {
        const tables::TableText parsed = tables::parseTableText(*text);
        if (!parsed.problems.empty())
            trouble = "does not read: line " + QByteArray::number(parsed.problems.front().line) + ": " +
                      parsed.problems.front().text;
        else
            trouble = readInto(list, sharesOf(parsed), spec.era);
    }
    if (trouble.isEmpty()) {
        if (list.wasRead)
            log(LogLevel::Notice, LogArea::Relay,
                "the list of relays in " + spec.hostFile + " was changed and read again, " +
                    QByteArray::number(list.relays.size()) + (list.relays.size() == 1 ? " relay" : " relays"));
        list.text = *text;
        list.wasRead = true;
    } else if (trouble != list.trouble) {
        log(LogLevel::Warning, LogArea::Relay,
            "the list of relays in " + spec.hostFile + ' ' + trouble +
                (list.relays.empty() ? "" : "; the one from before is used"));
    }
    list.trouble = trouble;
}

// Each gets its share added; the richest goes, and pays what all got.
size_t HostLists::byShare(List& list) {
    int sum = 0;
    size_t richest = 0;
    for (size_t i = 0; i < list.relays.size(); ++i) {
        Relay& relay = list.relays[i];
        relay.credit += relay.share;
        sum += relay.share;
        if (relay.credit > list.relays[richest].credit)
            richest = i;
    }
    list.relays[richest].credit -= sum;
    return richest;
}

std::vector<policy::RelayUrl> HostLists::pick(List& list, policy::RelayOrder order) {
    switch (order) {
    case policy::RelayOrder::RoundRobin:
        return {list.relays[list.turns[list.turn++ % list.turns.size()]].url};
    case policy::RelayOrder::Random:
        return {list.relays[m_random(quint32(list.relays.size()))].url};
    case policy::RelayOrder::Ratio:
        return {list.relays[byShare(list)].url};
    case policy::RelayOrder::Failover:
        break;
    }
    std::vector<policy::RelayUrl> all;
    for (const Relay& relay : list.relays)
        all.push_back(relay.url);
    return all;
}

Result<std::vector<policy::RelayUrl>> HostLists::next(const policy::RelaySpec& spec, SteadyTime now) {
    if (m_lists.size() > kMostLists)
        m_lists.clear();
    const QByteArray place = spec.hostFile.isEmpty() ? '<' + spec.hostTable->name() : spec.hostFile;
    List& list = m_lists[place + '\0' + policy::toString(spec.order).toByteArray()];
    if (!spec.hostFile.isEmpty()) {
        refresh(list, spec, now);
    } else {
        QByteArray all; // the table was made when the configuration was read; another one may have its name now
        const std::vector<policy::RelayShare> shares = spec.relays();
        for (const policy::RelayShare& share : shares)
            all += share.url + ' ' + QByteArray::number(share.share) + '\n';
        if (!list.wasRead || all != list.text) {
            list.trouble = readInto(list, shares, spec.era);
            list.text = all;
            list.wasRead = list.trouble.isEmpty();
            if (!list.wasRead)
                list.relays.clear();
        }
    }
    if (list.relays.empty()) {
        const bool isNamed = spec.hostFile.isEmpty() || list.trouble.contains(spec.hostFile);
        return Error{ErrorCode::Unavailable, isNamed ? list.trouble : list.trouble + " (" + spec.hostFile + ')',
                     Permanence::Temporary};
    }
    return pick(list, spec.order);
}

} // namespace postern::relay
