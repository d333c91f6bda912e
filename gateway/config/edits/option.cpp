// SPDX-License-Identifier: GPL-3.0-or-later
#include "config/edits/option.h"

#include "config/grammar.h"

#include <algorithm>

namespace postern::config::edits {

namespace {

using Form = TableArgument::Form;

// What opens a from or for, when it is not a single word of the grammar's tables.
struct Head {
    ClauseKind kind;
    const char* modern; // null: not in this language
    const char* legacy;
    const char* map2012;
    bool takesTable;
};
constexpr Head kHeads[] = {
    {ClauseKind::FromAny, "from any", "from any", "from any", false},
    {ClauseKind::FromLocal, "from local", "from local", "from local", false},
    {ClauseKind::FromSocket, "from socket", nullptr, nullptr, false},
    {ClauseKind::FromSource, "from src", "from source", "from", true},
    {ClauseKind::FromRdns, "from rdns", nullptr, nullptr, true},
    {ClauseKind::FromAuth, "from auth", nullptr, nullptr, true},
    {ClauseKind::FromMailFrom, "from mail-from", nullptr, nullptr, true},
    {ClauseKind::ForAny, "for any", "for any", "for any", false},
    {ClauseKind::ForLocal, "for local", "for local", "for local", false},
    {ClauseKind::ForDomain, "for domain", "for domain", "for domain", true},
    {ClauseKind::ForRecipient, "for rcpt-to", nullptr, nullptr, true},
    {ClauseKind::ForVirtual, nullptr, nullptr, "for virtual", true},
    {ClauseKind::ForNetwork, nullptr, nullptr, "for network", true},
};
// What a rule or action does; the older languages write "deliver to" before it.
struct MethodWord {
    ClauseKind kind;
    const char* word;
    bool takesValue;
    const char* flag;
};
constexpr MethodWord kDeliveries[] = {
    {ClauseKind::Mbox, "mbox", false, nullptr},
    {ClauseKind::Maildir, "maildir", true, "junk"},
    {ClauseKind::Mda, "mda", true, nullptr},
    {ClauseKind::Lmtp, "lmtp", true, "rcpt-to"},
    {ClauseKind::ExpandOnly, "expand-only", false, nullptr},
    {ClauseKind::ForwardOnly, "forward-only", false, nullptr},
    {ClauseKind::Catch, "catch", false, nullptr},
    {ClauseKind::Relay, "relay", false, nullptr},
};

template <class Row, size_t N>
const Row* rowOf(const Row (&rows)[N], ClauseKind kind) {
    const auto found = std::find_if(std::begin(rows), std::end(rows), [kind](const Row& row) { return row.kind == kind; });
    return found == std::end(rows) ? nullptr : found;
}

std::vector<Context> contextsOf(const StatementView& statement) {
    switch (statement.kind()) {
    case StatementKind::Listen:
        return {!statement.values().empty() && !statement.values().front().quoted &&
                        statement.values().front().text == "socket" && statement.document().dialect() != Dialect::Map2012
                    ? Context::ListenSocket
                    : Context::Listen};
    case StatementKind::Pki:
        return {Context::Pki};
    case StatementKind::Ca:
        return {Context::Ca};
    case StatementKind::Match:
        return {Context::Match};
    case StatementKind::Action:
        return {statement.hasClause(ClauseKind::Relay)   ? Context::ActionRelay
                : statement.hasClause(ClauseKind::Catch) ? Context::ActionCatch
                                                         : Context::ActionLocal};
    case StatementKind::Rule:
        return {Context::Rule, statement.hasClause(ClauseKind::Relay) ? Context::RuleRelay : Context::RuleDeliver};
    case StatementKind::Filter:
        return {statement.hasClause(ClauseKind::Phase) ? Context::FilterPhase : Context::Process};
    case StatementKind::Proc:
        return {Context::Process};
    case StatementKind::None:
    case StatementKind::Macro:
    case StatementKind::Include:
    case StatementKind::Table:
    case StatementKind::Setting:
    case StatementKind::Unknown:
        break;
    }
    return {};
}

const ClauseRule* ruleOf(ClauseKind kind, const StatementView& statement) {
    const Dialect dialect = statement.document().dialect();
    for (const Context context : contextsOf(statement)) {
        for (const ClauseRule& rule : clausesIn(context)) {
            if (rule.kind != kind || !(rule.dialects & in(dialect)))
                continue;
            if (kind == ClauseKind::Tagged && dialect == Dialect::Map2012 && QByteArrayView(rule.word) != "tag")
                continue; // since December 2012 only
            return &rule;
        }
    }
    return nullptr;
}

Error noSuchOption(const Option& option, const StatementView& statement) {
    return refusal("there is no \"" + toString(raw(option.kind)).toByteArray().toLower() + "\" for this kind of statement in " +
                   describe(statement.document().dialect()).toByteArray());
}

bool isSlot(ClauseKind kind, std::initializer_list<ClauseKind> slot) {
    return std::find(slot.begin(), slot.end(), kind) != slot.end();
}

} // namespace

TableText TableText::of(const TableArgument& table) {
    TableText result;
    result.form = table.form;
    if (table.form == Form::Name || table.form == Form::Literal)
        result.text = table.value.text;
    if (table.form == Form::List) {
        for (const Value& item : table.items)
            result.items.append(item.text);
    }
    for (const TableArgument::Pair& pair : table.pairs)
        result.pairs.emplace_back(pair.key.text, pair.value.text);
    return result;
}

Option Option::of(const Clause& clause) {
    Option result;
    result.kind = clause.kind;
    result.negated = clause.negated;
    result.regex = clause.regex;
    for (const char* flag : {"verify", "no-verify", "masquerade", "rcpt-to", "junk", "mx", "disable", "headers"}) {
        if (clause.words.size() > 1 && clause.words.back().text == flag && clause.kind != ClauseKind::ForRecipient)
            result.flags.append(flag);
    }
    for (const Value& value : clause.values)
        result.values.append(value.text);
    if (clause.table)
        result.table = TableText::of(*clause.table);
    return result;
}

Option option(ClauseKind kind, QByteArrayList values) {
    Option result;
    result.kind = kind;
    result.values = std::move(values);
    return result;
}

Option optionWithTable(ClauseKind kind, TableText table) {
    Option result;
    result.kind = kind;
    result.table = std::move(table);
    return result;
}

ClauseKind slotOf(ClauseKind kind, StatementKind statement) {
    if (saysFrom(kind))
        return ClauseKind::FromAny;
    if (saysFor(kind))
        return ClauseKind::ForAny;
    if (isMethod(kind) && (statement == StatementKind::Action || kind != ClauseKind::ForwardOnly))
        return ClauseKind::Mbox;
    if (isSlot(kind, {ClauseKind::Tls, ClauseKind::TlsRequire, ClauseKind::Smtps, ClauseKind::Secure}))
        return ClauseKind::Tls;
    if (statement == StatementKind::Listen && isSlot(kind, {ClauseKind::Auth, ClauseKind::AuthOptional, ClauseKind::EnableAuth}))
        return ClauseKind::Auth;
    if (isSlot(kind, {ClauseKind::Inet4, ClauseKind::Inet6}))
        return ClauseKind::Inet4;
    if (isSlot(kind, {ClauseKind::Host, ClauseKind::HostByDomain, ClauseKind::Via, ClauseKind::Backup}))
        return ClauseKind::Host;
    if (statement == StatementKind::Match && isSlot(kind, {ClauseKind::UseAction, ClauseKind::Reject}))
        return ClauseKind::UseAction;
    if (isSlot(kind, {ClauseKind::Alias, ClauseKind::Virtual}))
        return ClauseKind::Alias;
    return kind;
}

Result<QByteArray> written(const TableText& table, ClauseKind kind, Dialect dialect) {
    const auto one = [dialect](const QByteArray& text) { return spelled(text, dialect); };
    switch (table.form) {
    case Form::Name: {
        if (table.text.isEmpty())
            return refusal("a table has a name");
        const auto name = one(table.text);
        if (!name || (dialect == Dialect::Map2012 && isBareMapName(kind)))
            return name;
        return dialect == Dialect::Map2012 ? "map " + *name : '<' + *name + '>';
    }
    case Form::Literal:
        return one(table.text);
    case Form::List:
    case Form::Mapping:
        break;
    }
    QByteArrayList parts;
    for (const QByteArray& item : table.items) {
        const auto text = one(item);
        if (!text)
            return text;
        parts.append(*text);
    }
    for (const auto& [key, value] : table.pairs) {
        const auto left = one(key), right = one(value);
        if (!left || !right)
            return left ? right : left;
        parts.append(*left + (dialect == Dialect::Map2012 ? " => " : " = ") + *right);
    }
    if (parts.isEmpty())
        return refusal("an empty list says nothing; name at least one entry");
    const bool inParentheses = dialect == Dialect::Map2012 && table.form == Form::List;
    return inParentheses ? "( " + parts.join(", ") + " )" : "{ " + parts.join(", ") + " }";
}

namespace {

Result<void> appendTable(QByteArray& text, const Option& option, Dialect dialect) {
    if (option.regex)
        text += " regex";
    if (option.table) {
        const auto table = written(*option.table, option.kind, dialect);
        if (!table)
            return table.error();
        text += ' ' + *table;
    }
    return {};
}

Result<QByteArray> writtenHead(const Option& option, const Head& head, Dialect dialect, const StatementView& statement) {
    const char* words = dialect == Dialect::Modern   ? head.modern
                        : dialect == Dialect::Legacy ? head.legacy
                                                     : head.map2012;
    if (!words || !option.values.isEmpty() || !option.flags.isEmpty() || (option.table && !head.takesTable) ||
        (option.regex && dialect != Dialect::Modern) || (option.negated && dialect == Dialect::Map2012))
        return noSuchOption(option, statement);
    QByteArray text(words);
    if (option.negated) {
        if (dialect == Dialect::Modern)
            text.prepend("! ");
        else
            text.insert(text.indexOf(' '), " !");
    }
    if (const auto done = appendTable(text, option, dialect); !done)
        return done.error();
    return text;
}

Result<QByteArray> writtenMethod(const Option& option, const MethodWord& method, Dialect dialect, const StatementView& at) {
    if (option.negated || option.table || option.regex || option.values.size() > (method.takesValue ? 1 : 0) ||
        option.flags.size() > (method.flag ? 1 : 0) || (!option.flags.isEmpty() && option.flags.front() != method.flag))
        return noSuchOption(option, at);
    const bool isWord = option.kind == ClauseKind::Relay || option.kind == ClauseKind::Catch || option.kind == ClauseKind::ForwardOnly;
    QByteArray text = (dialect == Dialect::Modern || isWord ? "" : "deliver to ") + QByteArray(method.word);
    if (!option.values.isEmpty()) {
        const auto value = spelled(option.values.front(), dialect);
        if (!value)
            return value;
        text += ' ' + *value;
    }
    for (const QByteArray& flag : option.flags)
        text += ' ' + flag;
    return text;
}

} // namespace

Result<QByteArray> written(const Option& option, const StatementView& statement) {
    const Dialect dialect = statement.document().dialect();
    if (statement.kind() == StatementKind::Match || statement.kind() == StatementKind::Rule) {
        if (const Head* head = rowOf(kHeads, option.kind))
            return writtenHead(option, *head, dialect, statement);
    }
    if (statement.kind() == StatementKind::Action || statement.kind() == StatementKind::Rule) {
        if (const MethodWord* method = rowOf(kDeliveries, option.kind))
            return writtenMethod(option, *method, dialect, statement);
    }
    const ClauseRule* rule = ruleOf(option.kind, statement);
    const bool mayNegate = statement.kind() == StatementKind::Match || statement.kind() == StatementKind::Rule ||
                           statement.kind() == StatementKind::Filter;
    if (!rule || (option.negated && !mayNegate))
        return noSuchOption(option, statement);
    const bool negatedBefore = option.negated && (dialect == Dialect::Modern || option.kind == ClauseKind::Authenticated);
    QByteArray text = (negatedBefore ? "! " : "") + QByteArray(rule->word);
    if (option.negated && !negatedBefore)
        text += " !";
    for (const QByteArray& flag : option.flags) {
        if (!rule->flag || flag != rule->flag)
            return noSuchOption(option, statement);
    }
    if (rule->kind == ClauseKind::EnableAuth || option.flags.contains("mx"))
        text += ' ' + QByteArray(rule->flag);
    if (const auto done = appendTable(text, option, dialect); !done)
        return done.error();
    for (const QByteArray& value : option.values) {
        const bool isNumber = !value.isEmpty() && std::all_of(value.begin(), value.end(), [](char c) { return c >= '0' && c <= '9'; });
        const Result<QByteArray> one = rule->argument == Argument::Port && (isNumber || value == "smtp" || value == "smtps")
                                           ? Result<QByteArray>(value)
                                       : rule->argument == Argument::Time ? spelledTime(value, dialect, Quoting::AsNeeded)
                                                                          : spelled(value, dialect);
        if (!one)
            return one;
        text += ' ' + *one;
    }
    for (const QByteArray& flag : option.flags) {
        if (flag != "mx")
            text += ' ' + flag;
    }
    return text;
}

// Modern: only what must be first or last. The older languages: the fixed order of 2012, which later ones take too.
int rankOf(ClauseKind kind, StatementKind statement, Dialect dialect) {
    const ClauseKind slot = slotOf(kind, statement);
    const auto in = [slot](std::initializer_list<ClauseKind> order) {
        const auto found = std::find(order.begin(), order.end(), slot);
        return found == order.end() ? -1 : int(found - order.begin());
    };
    constexpr int kMiddle = 50, kLast = 100;
    if (statement == StatementKind::Action) {
        if (slot == ClauseKind::Mbox)
            return 0;
        return slot == ClauseKind::Host ? 1 : slot == ClauseKind::Ttl ? kLast : kMiddle;
    }
    if (statement == StatementKind::Match)
        return slot == ClauseKind::UseAction ? kLast : kMiddle;
    if (statement == StatementKind::Filter)
        return slot == ClauseKind::Phase ? 0
               : isSlot(slot, {ClauseKind::Reject, ClauseKind::Disconnect, ClauseKind::Rewrite, ClauseKind::Report,
                               ClauseKind::Junk, ClauseKind::Bypass})
                   ? kLast
                   : kMiddle;
    if (dialect == Dialect::Modern)
        return kMiddle;
    if (statement == StatementKind::Listen) {
        const int rank = in({ClauseKind::Inet4, ClauseKind::Port, ClauseKind::Tls, ClauseKind::Certificate, ClauseKind::Pki,
                             ClauseKind::Ca, ClauseKind::Auth, ClauseKind::Tag, ClauseKind::Hostname});
        return rank < 0 ? kMiddle : rank;
    }
    if (statement == StatementKind::Rule) {
        const int rank = in({ClauseKind::On, ClauseKind::FromAny, ClauseKind::Authenticated, ClauseKind::Sender,
                             ClauseKind::Recipient, ClauseKind::ForAny, ClauseKind::Alias, ClauseKind::Userbase,
                             ClauseKind::Mbox, ClauseKind::Host, ClauseKind::Port, ClauseKind::Tls, ClauseKind::Certificate,
                             ClauseKind::Pki, ClauseKind::Ca, ClauseKind::Auth, ClauseKind::Verify, ClauseKind::As,
                             ClauseKind::User, ClauseKind::Source, ClauseKind::Helo, ClauseKind::HeloSource});
        if (slot == ClauseKind::Tagged)
            return dialect == Dialect::Map2012 ? kLast - 1 : 0;
        if (slot == ClauseKind::Ttl || slot == ClauseKind::ForwardOnly)
            return kLast;
        return rank < 0 ? kMiddle : rank;
    }
    return kMiddle;
}

} // namespace postern::config::edits
