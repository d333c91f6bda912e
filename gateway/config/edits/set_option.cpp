// SPDX-License-Identifier: GPL-3.0-or-later
#include "config/edits/set_option.h"

#include <algorithm>

namespace postern::config::edits {

namespace {

using Form = TableArgument::Form;

bool isBlank(char c) {
    return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\\';
}

// The blanks and joined lines directly before an offset.
QByteArrayView blanksBefore(const Document& document, qsizetype offset) {
    qsizetype from = offset;
    while (from > 0 && isBlank(document.bytes()[from - 1]))
        --from;
    return QByteArrayView(document.bytes()).sliced(from, offset - from);
}

// Part of it, or what is to be one token of it, is out of a macro: the place to point at.
std::optional<Range> firstMacroIn(const Clause& clause) {
    const auto of = [](const std::vector<Value>& values) -> std::optional<Range> {
        for (const Value& value : values) {
            if (value.fromMacro)
                return value.range;
        }
        return std::nullopt;
    };
    std::optional<Range> found = of(clause.words);
    if (!found)
        found = of(clause.values);
    if (found || !clause.table)
        return found;
    if (clause.table->value.fromMacro)
        return clause.table->value.range;
    found = of(clause.table->items);
    for (const TableArgument::Pair& pair : clause.table->pairs) {
        if (!found && (pair.key.fromMacro || pair.value.fromMacro))
            found = pair.key.fromMacro ? pair.key.range : pair.value.range;
    }
    return found;
}

Result<QByteArray> sameSpelling(const Document& document, const Value& old, const QByteArray& wanted, ClauseKind kind) {
    if (old.number && !wanted.isEmpty() && std::all_of(wanted.begin(), wanted.end(), [](char c) { return c >= '0' && c <= '9'; }))
        return wanted;
    const Quoting habit = quotingOf(QByteArrayView(document.bytes()).sliced(old.range.offset, old.range.length));
    return kind == ClauseKind::Ttl ? spelledTime(wanted, document.dialect(), habit) : spelled(wanted, document.dialect(), habit);
}

// The option as written and as wanted differ in single values only: these.
Result<std::optional<std::vector<tree::TextEdit>>> changedValues(const Document& document, const Clause& clause, const Option& wanted) {
    using Edits = std::optional<std::vector<tree::TextEdit>>;
    const Option old = Option::of(clause);
    const auto single = [](const std::optional<TableText>& table) {
        return table && (table->form == Form::Name || table->form == Form::Literal);
    };
    const bool sameTable = old.table == wanted.table || (single(old.table) && single(wanted.table) && old.table->form == wanted.table->form);
    if (old.kind != wanted.kind || old.negated != wanted.negated || old.regex != wanted.regex || old.flags != wanted.flags ||
        old.values.size() != wanted.values.size() || !sameTable)
        return Edits();
    std::vector<tree::TextEdit> edits;
    const auto change = [&](const Value& from, const QByteArray& to) -> Result<void> {
        if (from.text == to)
            return {};
        if (from.fromMacro)
            return comesFromMacro(document, from.range);
        const auto text = sameSpelling(document, from, to, clause.kind);
        if (!text)
            return text.error();
        edits.push_back({from.range, *text});
        return {};
    };
    for (size_t i = 0; i < clause.values.size(); ++i) {
        if (const auto done = change(clause.values[i], wanted.values[qsizetype(i)]); !done)
            return done.error();
    }
    if (single(wanted.table)) {
        if (const auto done = change(clause.table->value, wanted.table->text); !done)
            return done.error();
    }
    return Edits(std::move(edits));
}

// The option in this slot, if the statement says it once.
Result<const Clause*> clauseInSlot(const StatementView& statement, ClauseKind kind) {
    const Clause* found = nullptr;
    for (const Clause& clause : statement.clauses()) {
        if (slotOf(clause.kind, statement.kind()) != slotOf(kind, statement.kind()))
            continue;
        if (found)
            return withMacros(refusal("this statement says \"" + clause.text + "\" beside \"" + found->text +
                                      "\"; remove one of them in the text first"),
                              statement);
        found = &clause;
    }
    return found;
}

// Behind which offset a new option goes, and what stands between it and its neighbour.
struct Spot {
    qsizetype offset;
    QByteArray gap;
    std::optional<Range> macro; // that both neighbours come from: nothing goes between them
};

Spot spotFor(const StatementView& statement, ClauseKind kind) {
    const Document& document = statement.document();
    const int rank = rankOf(kind, statement.kind(), document.dialect());
    qsizetype offset = statement.range().offset;
    const auto reach = [&offset](const Value& value) { offset = std::max(offset, value.range.end()); };
    std::for_each(statement.words().begin(), statement.words().end(), reach);
    std::for_each(statement.values().begin(), statement.values().end(), reach);
    const Clause* anchor = nullptr;
    const Clause* next = statement.clauses().empty() ? nullptr : &statement.clauses().front();
    for (size_t i = 0; i < statement.clauses().size(); ++i) {
        const Clause& clause = statement.clauses()[i];
        if (rankOf(clause.kind, statement.kind(), document.dialect()) > rank)
            continue;
        anchor = &clause;
        next = i + 1 < statement.clauses().size() ? &statement.clauses()[i + 1] : nullptr;
    }
    if (anchor)
        offset = std::max(offset, anchor->range.end());
    // `for { ... }` ends behind its members.
    const QByteArray& bytes = document.bytes();
    if (anchor && saysFor(anchor->kind) && !anchor->has("for")) {
        const qsizetype close = bytes.indexOf('}', offset);
        if (close >= 0 && close < statement.range().end())
            offset = close + 1;
    }
    const Clause* model = anchor ? anchor : next;
    const QByteArrayView gap = model ? blanksBefore(document, model->range.offset) : QByteArrayView();
    const bool ownLine = gap.contains('\n') && gap.contains('\\');
    const bool isWithinMacro = next && next->range.offset < offset;
    return {offset, ownLine ? gap.toByteArray() : QByteArray(" "),
            isWithinMacro ? firstMacroIn(*next) : std::nullopt};
}

// Everything but the option in this slot is as it was.
bool restIsSame(const StatementView& before, const StatementView& after, ClauseKind kind) {
    const auto rest = [kind](const StatementView& statement) {
        std::vector<Option> options;
        for (const Clause& clause : statement.clauses()) {
            if (slotOf(clause.kind, statement.kind()) != slotOf(kind, statement.kind()))
                options.push_back(Option::of(clause));
        }
        return options;
    };
    const auto texts = [](const std::vector<Value>& values) {
        QByteArrayList result;
        for (const Value& value : values)
            result.append(value.text);
        return result;
    };
    return before.kind() == after.kind() && texts(before.values()) == texts(after.values()) && rest(before) == rest(after);
}

Error notUnderstood(const StatementView& statement) {
    return withMacros(refusal("a part of this statement is not understood; mend it in the text first"), statement);
}

Result<Edited> checked(const DocumentPtr& document, size_t index, std::vector<tree::TextEdit> edits, ClauseKind kind,
                       const std::optional<Option>& wanted) {
    const StatementView before = document->statement(index);
    Result<Edited> result = carriedOut(document, std::move(edits));
    if (!result)
        return withMacros(result.error(), before);
    if (result->document->statementCount() != document->statementCount())
        return withMacros(refusal("the result would not be one statement"), before);
    const StatementView after = result->document->statement(index);
    const Result<const Clause*> found = clauseInSlot(after, kind);
    const bool isRight = found && (wanted ? *found && Option::of(**found) == *wanted : !*found);
    if (!isRight || !restIsSame(before, after, kind))
        return withMacros(refusal("written here, this would not be read as what was asked"), before);
    return result;
}

} // namespace

Result<Edited> setOption(const DocumentPtr& document, size_t index, const Option& wanted) {
    const StatementView statement = document->statement(index);
    if (statement.hasError())
        return notUnderstood(statement);
    const Result<QByteArray> text = written(wanted, statement);
    if (!text)
        return text.error();
    const Result<const Clause*> found = clauseInSlot(statement, wanted.kind);
    if (!found)
        return found.error();
    if (!*found) {
        const Spot spot = spotFor(statement, wanted.kind);
        if (spot.macro)
            return comesFromMacro(*document, *spot.macro);
        return checked(document, index, {{{spot.offset, 0}, spot.gap + *text}}, wanted.kind, wanted);
    }
    const Clause& old = **found;
    if (Option::of(old) == wanted)
        return Edited{{}, document};
    auto values = changedValues(*document, old, wanted);
    if (!values)
        return values.error();
    if (*values)
        return checked(document, index, std::move(**values), wanted.kind, wanted);
    if (const auto macro = firstMacroIn(old))
        return comesFromMacro(*document, *macro);
    if (saysFor(old.kind) && !old.has("for"))
        return refusal("this destination stands in { } with others; change it in the text");
    return checked(document, index, {{old.range, *text}}, wanted.kind, wanted);
}

Result<Edited> removeOption(const DocumentPtr& document, size_t index, ClauseKind kind) {
    const StatementView statement = document->statement(index);
    if (statement.hasError())
        return notUnderstood(statement);
    const Result<const Clause*> found = clauseInSlot(statement, kind);
    if (!found)
        return found.error();
    if (!*found)
        return Edited{{}, document};
    const Clause& old = **found;
    if (const auto macro = firstMacroIn(old))
        return comesFromMacro(*document, *macro);
    if (saysFor(old.kind) && !old.has("for"))
        return refusal("this destination stands in { } with others; change it in the text");
    if (slotOf(kind, statement.kind()) == ClauseKind::Mbox)
        return refusal("without it the statement would not say what to do with the mail");
    const qsizetype gap = blanksBefore(*document, old.range.offset).size();
    return checked(document, index, {{{old.range.offset - gap, old.range.length + gap}, {}}}, kind, std::nullopt);
}

Result<Edited> setNegation(const DocumentPtr& document, size_t index, ClauseKind kind, bool negated) {
    const StatementView statement = document->statement(index);
    const Clause* clause = statement.clause(kind);
    if (!clause)
        return refusal("this statement has no such condition");
    if (clause->negated == negated)
        return Edited{{}, document};
    if (const auto macro = firstMacroIn(*clause))
        return comesFromMacro(*document, *macro);
    Option wanted = Option::of(*clause);
    wanted.negated = negated;
    if (const auto possible = written(wanted, statement); !possible)
        return possible.error();
    const QByteArray& bytes = document->bytes();
    const bool isBefore = document->dialect() == Dialect::Modern || kind == ClauseKind::Authenticated;
    tree::TextEdit edit;
    if (negated && isBefore) {
        edit = {{clause->range.offset, 0}, "! "};
    } else if (negated) {
        edit = {{clause->words.front().range.end(), 0}, " !"};
    } else {
        const qsizetype bang = bytes.indexOf('!', clause->range.offset);
        qsizetype from = bang, to = bang + 1;
        if (isBefore) {
            while (isBlank(bytes[to]))
                ++to;
        } else {
            from -= blanksBefore(*document, bang).size();
        }
        edit = {{from, to - from}, {}};
    }
    return checked(document, index, {edit}, kind, wanted);
}

} // namespace postern::config::edits
