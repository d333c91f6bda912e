// SPDX-License-Identifier: GPL-3.0-or-later
//
// The queue as people read it.
#include "queue/scheduler_impl.h"

#include <algorithm>
#include <iterator>

namespace postern::queue {
namespace {

constexpr std::array kRowStates{Scheduler::RowState::Waiting, Scheduler::RowState::Sending, Scheduler::RowState::Held,
                               Scheduler::RowState::Caught};

} // namespace

Scheduler::Row Scheduler::Impl::rowOf(const Entry& entry) const {
    Row row{entry.words ? entry.owner->message : nullptr, inFull(entry), stateAt(entry.place).value_or(RowState::Waiting), entry.row()};
    if (entry.place == Place::Sleeping)
        row.envelope.nextTryAt = wallAt(entry.due);
    if (entry.place == Place::Ready)
        row.envelope.nextTryAt = wallAt(std::max(now(), turns.pausedUntil(entry.route->first).value_or(now())));
    return row;
}

// The lists that are wanted are read side by side; the next row is the first of their heads.
Scheduler::Page Scheduler::page(const Wish& wish) const {
    struct Reader {
        const Impl::Listed* list;
        Impl::Listed::const_iterator at; // == end: nothing left
    };
    std::vector<Reader> readers;
    for (const RowState state : kRowStates) {
        if (wish.state && *wish.state != state)
            continue;
        const Impl::Listed& list = m->list(state);
        auto at = list.begin();
        if (wish.newestFirst) {
            at = wish.after ? list.lower_bound(*wish.after) : list.end();
            at = at == list.begin() ? list.end() : std::prev(at);
        } else if (wish.after) {
            at = list.upper_bound(*wish.after);
        }
        readers.push_back({&list, at});
    }
    const auto isFirst = [&](const Reader& a, const Reader& b) {
        if (a.at == a.list->end() || b.at == b.list->end())
            return a.at != a.list->end();
        return wish.newestFirst ? b.at->first < a.at->first : a.at->first < b.at->first;
    };
    Page page;
    while (true) {
        Reader& next = *std::min_element(readers.begin(), readers.end(), isFirst);
        if (next.at == next.list->end())
            return page;
        if (page.rows.size() >= size_t(std::max(0, wish.most))) {
            page.hasMore = true;
            return page;
        }
        page.rows.push_back(m->rowOf(*m->find(next.at->second)));
        if (!wish.newestFirst)
            ++next.at;
        else
            next.at = next.at == next.list->begin() ? next.list->end() : std::prev(next.at);
    }
}

int Scheduler::total(std::optional<RowState> state) const {
    size_t n = 0;
    for (const RowState one : kRowStates)
        n += !state || *state == one ? m->list(one).size() : 0;
    return int(n);
}

std::optional<Scheduler::RowPlace> Scheduler::newest(std::optional<RowState> state) const {
    std::optional<RowPlace> newest;
    for (const RowState one : kRowStates)
        if (const Impl::Listed& list = m->list(one); (!state || *state == one) && !list.empty())
            newest = std::max(newest.value_or(RowPlace{}), list.rbegin()->first);
    return newest;
}

std::vector<Scheduler::Row> Scheduler::rowsOf(MessageId id) const {
    std::vector<Row> rows;
    const auto message = m->messages.find(id);
    if (message == m->messages.end())
        return rows;
    for (const auto& entry : message->second.envelopes)
        if (entry->place != Impl::Place::Leaving)
            rows.push_back(m->rowOf(*entry));
    std::sort(rows.begin(), rows.end(), [](const Row& a, const Row& b) { return a.place < b.place; });
    return rows;
}

std::optional<Scheduler::Row> Scheduler::rowOf(EnvelopeId id) const {
    const Impl::Entry* const entry = m->find(id);
    if (!entry || entry->place == Impl::Place::Leaving)
        return std::nullopt;
    return m->rowOf(*entry);
}

} // namespace postern::queue
