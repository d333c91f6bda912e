// SPDX-License-Identifier: GPL-3.0-or-later
//
// Entries that can't mean what they seem to: each is looked at in the light of the service that the table is used for.
#include "base/log.h"
#include "policy/advice.h"
#include "tables/match_rules.h"
#include "tables/netaddr.h"

#include <algorithm>
#include <utility>

namespace postern::policy {
namespace {

using config::Range;
using config::Severity;
using config::StatementView;
using tables::Service;

constexpr size_t kMostLookedAt = 10'000; // entries of one table; a slip comes early or never

struct Remark {
    Severity severity = Severity::Note;
    QByteArray text; // "" = nothing to say
};

QByteArray quoted(QByteArrayView entry) {
    return "\"" + harmless(entry, 80) + "\"";
}

// About the pattern of a domain; `prefix` stands before it ("" or "@"). `table` holds the entry's neighbours.
Remark onPattern(QByteArrayView pattern, QByteArrayView prefix, const tables::Table& table) {
    const qsizetype star = pattern.indexOf('*');
    if (star < 0 || star + 1 == pattern.size())
        return {};
    const char behind = pattern[star + 1];
    if (star == 0 && behind == '.') {
        const QByteArray base = pattern.sliced(2).toByteArray();
        const QByteArray wanted = prefix.toByteArray() + base;
        const bool hasBase = table.coversNow(Service::String, wanted.toLower()).value_or(true);
        if (!hasBase && !base.contains('*') && base.contains('.'))
            return {Severity::Note, quoted(prefix.toByteArray() + pattern.toByteArray()) + " covers a." + base +
                                        ", but neither " + base + " itself nor a.b." + base + "; list " + quoted(wanted) +
                                        " too if it is meant"};
        return {};
    }
    if (behind == '.' || behind == '*')
        return {};
    return {Severity::Warning, quoted(pattern) + " covers less than it seems: the star ends at the first \"" +
                                   QByteArray(1, behind) + "\" of a name and never tries a later one; write \"*.\" and whole "
                                                           "labels behind it, or regex"};
}

Remark onDomain(const QByteArray& entry, const tables::Table& table) {
    if (entry.contains('@'))
        return {Severity::Warning,
                quoted(entry) + " never matches: a domain is what stands behind the \"@\"; write only that"};
    if (entry.size() > 1 && entry.endsWith('.'))
        return {Severity::Warning, quoted(entry) + " never matches: domains of mail end without a dot; take it away"};
    return onPattern(entry, {}, table);
}

// A key of `relay domain <t>`.
Remark onRelayDomain(const QByteArray& entry) {
    if (!entry.contains('*'))
        return {};
    return {Severity::Warning, quoted(entry) + " never matches: domains are compared as they are here, a star is just a star; give "
                                               "the rest a rule of its own"};
}

Remark onAddress(const QByteArray& entry) {
    if (tables::Netaddr::parse(entry) || entry.compare("local", Qt::CaseInsensitive) == 0)
        return {};
    return {Severity::Warning, quoted(entry) + " never matches: it is neither an address nor a network such as 192.0.2.0/24"
                                               ", and names are not looked up"};
}

Remark onMailaddr(const QByteArray& entry, const tables::Table& table) {
    const tables::MailaddrParts parts = tables::splitMailaddr(entry);
    if (parts.user == "*" && !parts.domain.isEmpty())
        return {Severity::Warning, quoted(entry) + " never matches: before the \"@\" a star is just a star; write " +
                                       quoted("@" + parts.domain.toByteArray()) + " for everybody there"};
    if (parts.user.contains('*') && !parts.domain.isEmpty())
        return {Severity::Warning,
                quoted(entry) + " never matches: before the \"@\" a star is just a star; use regex for part of a name"};
    if (parts.domain.isEmpty() && entry.startsWith("*."))
        return {Severity::Warning, quoted(entry) + " never matches: without \"@\" it is the name of a user; write " +
                                       quoted("@" + entry) + " for everybody there"};
    return parts.domain.isEmpty() ? Remark() : onPattern(parts.domain, parts.user.isEmpty() ? "@" : "", table);
}

Remark onEntry(Service service, const QByteArray& entry, const tables::Table& table) {
    switch (service) {
    case Service::Domain:
        return onDomain(entry, table);
    case Service::Netaddr:
        return onAddress(entry);
    case Service::Mailaddr:
        return onMailaddr(entry, table);
    case Service::Relayhost:
        return onRelayDomain(entry);
    case Service::Alias:
    case Service::Credentials:
    case Service::Userinfo:
    case Service::Source:
    case Service::Addrname:
    case Service::Mailaddrmap:
    case Service::String:
    case Service::Regex:
        break; // the same text or nothing; expressions are looked at where they are read
    }
    return {};
}

// Notes come once. False: nothing was said.
bool say(Build& build, const StatementView& at, Range range, const QByteArray& intro, const Remark& remark) {
    if (remark.text.isEmpty() || (remark.severity == Severity::Note && std::exchange(build.saidSubdomains, true)))
        return false;
    build.report.say(remark.severity, at, range, intro + remark.text);
    return true;
}

void sayEmpty(Build& build, const config::TableView& view, const tables::Table& table) {
    const bool isRead = table.kind() == "file" && build.files.size(build.tablePaths.value(table.name()));
    if (isRead && table.size() == 0)
        build.report.say(Severity::Note, view, view.source() ? view.source()->range : view.range(),
                         "table " + table.name() + " is empty: nothing is found in it until its file has entries");
}

} // namespace

void adviseOnEntries(Build& build, const StatementView& at, const config::TableArgument& written, Service service,
                     const tables::Table& table) {
    if (written.form == config::TableArgument::Form::Literal && build.tableLines.contains(written.value.text))
        return; // the brackets are missing; advice_names.cpp says so
    for (const config::Value& item : written.items)
        say(build, at, item.range, {}, onEntry(service, item.text, table));
    for (const config::TableArgument::Pair& pair : written.pairs)
        say(build, at, pair.key.range, {}, onEntry(service, pair.key.text, table));
}

void Advice::onTables() {
    m_build.set.eachPlace(in(config::StatementKind::Table), [this](const config::DocumentPtr& document, size_t statement) {
        const auto name = config::firstValueOf(*document, statement);
        const tables::TablePtr table = name ? m_build.tablesByName.value(name->text) : nullptr;
        const auto* held = dynamic_cast<const tables::StaticTable*>(table.get());
        const QList<Service> services = held ? m_build.servicesByTable.value(table->name()) : QList<Service>();
        // Most tables need no word, and then no view either.
        const size_t count = held ? held->entries().size() : 0;
        const size_t looked = held && held->kind() == "file" ? std::min(count, kMostLookedAt) : count;
        const auto needsWord = [&](Service service) {
            return std::any_of(held->entries().begin(), held->entries().begin() + std::ptrdiff_t(looked),
                               [&](const tables::Entry& entry) { return !onEntry(service, entry.key, *table).text.isEmpty(); });
        };
        if (services.isEmpty() || (table->size() != 0 && std::none_of(services.begin(), services.end(), needsWord)))
            return;
        const auto view = config::TableView::from(document->statement(statement));
        if (!view)
            return;
        sayEmpty(m_build, *view, *table);
        for (const Service service : services) {
            if (view->content()) {
                adviseOnEntries(m_build, *view, *view->content(), service, *table);
                continue;
            }
            const auto& entries = held->entries(); // in order, so stars come first
            for (size_t i = 0; i < looked; ++i) {
                if (say(m_build, *view, view->source()->range, "table " + table->name() + ": ",
                        onEntry(service, entries[i].key, *table)))
                    break; // all at one place: one is enough
            }
        }
    });
}

} // namespace postern::policy
