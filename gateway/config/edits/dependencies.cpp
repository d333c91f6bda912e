// SPDX-License-Identifier: GPL-3.0-or-later
#include "config/edits/dependencies.h"

#include <algorithm>
#include <cstdint>
#include <map>

namespace postern::config::edits {

namespace {

// Where in reading order; a statement of a file included twice counts at its first place.
class Order {
  public:
    explicit Order(const FileSet& set) : m_isOneFile(set.documents().size() == 1) {
        if (m_isOneFile)
            return;
        const std::vector<FileSet::Place> places = set.places();
        for (size_t i = 0; i < places.size(); ++i)
            m_at.emplace(std::pair(places[i].document, places[i].statement), i);
    }
    size_t of(size_t document, size_t statement) const {
        if (m_isOneFile)
            return statement;
        const auto found = m_at.find({document, statement});
        return found == m_at.end() ? 0 : found->second;
    }

  private:
    bool m_isOneFile;
    std::map<std::pair<size_t, size_t>, size_t> m_at;
};

bool needsDefinition(NameKind kind) {
    return kind != NameKind::Tag; // a tag is a mark that a listener gives, not a thing
}

} // namespace

Result<void> mayGo(const FileSet& set, FileSet::Place place, QByteArrayView what) {
    const StatementView statement = set.documents()[place.document]->statement(place.statement);
    for (const NameUse& own : namesIn(statement)) {
        if (!own.defines || !needsDefinition(own.kind))
            continue;
        const std::vector<FoundName> all = findName(set, own.kind, own.name.text);
        const auto isOwn = [&](const FoundName& one) { return one.document == place.document && one.statement == place.statement; };
        if (std::any_of(all.begin(), all.end(), [&](const FoundName& one) { return one.use.defines && !isOwn(one); }))
            continue; // defined elsewhere too
        for (const FoundName& one : all) {
            if (!one.use.defines && !isOwn(one))
                return refusal(what.toByteArray() + " is not possible: the " + describe(own.kind).toByteArray() + " \"" +
                               own.name.text + "\" is used in " + placeOf(set, one));
        }
    }
    return {};
}

Result<void> keepsOrder(const FileSet& before, const FileSet& after, FileSet::Place movedTo) {
    const StatementView moved = after.documents()[movedTo.document]->statement(movedTo.statement);
    std::optional<Order> orderBefore, orderAfter; // made when the first name asks
    QByteArrayList seen;
    for (const NameUse& own : namesIn(moved)) {
        if (!needsDefinition(own.kind))
            continue;
        const QByteArray key = QByteArray::number(int(own.kind)) + own.name.text;
        if (seen.contains(key))
            continue;
        seen.append(key);
        const std::vector<FoundName> all = findName(after, own.kind, own.name.text);
        const auto firstDefinition = std::find_if(all.begin(), all.end(), [](const FoundName& one) { return one.use.defines; });
        if (firstDefinition == all.end())
            continue;
        if (!orderBefore) {
            orderBefore.emplace(before);
            orderAfter.emplace(after);
        }
        const std::vector<FoundName> old = findName(before, own.kind, own.name.text);
        const auto broken = [](const std::vector<FoundName>& found, const Order& order) -> const FoundName* {
            size_t defined = SIZE_MAX;
            for (const FoundName& one : found) {
                if (one.use.defines)
                    defined = std::min(defined, order.of(one.document, one.statement));
            }
            for (const FoundName& one : found) {
                if (!one.use.defines && order.of(one.document, one.statement) < defined)
                    return &one;
            }
            return nullptr;
        };
        const FoundName* now = broken(all, *orderAfter);
        if (now && !broken(old, *orderBefore))
            return refusal("the " + describe(own.kind).toByteArray() + " \"" + own.name.text +
                           "\" must be defined above its use in " + placeOf(after, *now) + "; every reader wants that");
    }
    return {};
}

} // namespace postern::config::edits
