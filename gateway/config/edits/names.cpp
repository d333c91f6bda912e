// SPDX-License-Identifier: GPL-3.0-or-later
#include "config/edits/names.h"

#include "config/views/setting_view.h"

#include <QByteArrayMatcher>

#include <algorithm>

namespace postern::config::edits {

namespace {

using Form = TableArgument::Form;

class Collector {
  public:
    explicit Collector(const StatementView& statement) : m_statement(statement) {}

    std::vector<NameUse> run() {
        head();
        for (const Clause& clause : m_statement.clauses())
            of(clause);
        macros(m_statement.node());
        return std::move(m_uses);
    }

  private:
    void add(NameKind kind, const Value& name, bool defines = false, bool isLookup = false) {
        m_uses.push_back({kind, name, defines, isLookup});
    }
    void addAll(NameKind kind, const std::vector<Value>& names, size_t from = 0) {
        for (size_t i = from; i < names.size(); ++i)
            add(kind, names[i]);
    }

    void head() {
        const std::vector<Value>& values = m_statement.values();
        const std::vector<Value>& words = m_statement.words();
        if (values.empty())
            return;
        switch (m_statement.kind()) {
        case StatementKind::Table:
            return add(NameKind::Table, values.front(), true);
        case StatementKind::Action:
            return add(NameKind::Action, values.front(), true);
        case StatementKind::Pki:
            return add(NameKind::Pki, values.front(), true);
        case StatementKind::Ca:
            return add(NameKind::Ca, values.front(), true);
        case StatementKind::Proc:
            return add(NameKind::Proc, values.front(), true);
        case StatementKind::Macro:
            return add(NameKind::Macro, values.front(), true);
        case StatementKind::Filter: {
            const bool isEnqueuer = !words.empty() && words.front().text == "enqueuer";
            const bool isChain = !words.empty() && (words.front().text == "filterchain" || words.back().text == "chain");
            add(NameKind::Filter, values.front(), !isEnqueuer);
            if (isChain)
                addAll(NameKind::Filter, values, 1);
            return;
        }
        case StatementKind::Setting:
            if (const auto setting = SettingView::from(m_statement); setting && setting->setting() == Setting::MdaWrapper)
                add(NameKind::Wrapper, values.front(), true);
            return;
        case StatementKind::None:
        case StatementKind::Include:
        case StatementKind::Listen:
        case StatementKind::Rule:
        case StatementKind::Match:
        case StatementKind::Unknown:
            return;
        }
    }

    void of(const Clause& clause) {
        if (clause.table && clause.table->form == Form::Name)
            add(NameKind::Table, clause.table->value);
        const bool isListener = m_statement.kind() == StatementKind::Listen;
        if (clause.kind == ClauseKind::UseAction)
            addAll(NameKind::Action, clause.values);
        else if (clause.kind == ClauseKind::Pki)
            addAll(NameKind::Pki, clause.values);
        else if (clause.kind == ClauseKind::Ca && m_statement.kind() != StatementKind::Pki)
            addAll(NameKind::Ca, clause.values);
        else if (clause.kind == ClauseKind::UseProc)
            addAll(NameKind::Proc, clause.values);
        else if (clause.kind == ClauseKind::Wrapper)
            addAll(NameKind::Wrapper, clause.values);
        else if (clause.kind == ClauseKind::Tag && isListener)
            for (const Value& value : clause.values)
                add(NameKind::Tag, value, true);
        else if (clause.kind == ClauseKind::Tagged || clause.kind == ClauseKind::On)
            tag(clause);
        else if ((clause.kind == ClauseKind::Filters || clause.kind == ClauseKind::Chain) && clause.table)
            addAll(NameKind::Filter, clause.table->items);
    }

    void tag(const Clause& clause) {
        for (const Value& value : clause.values)
            add(NameKind::Tag, value);
        if (!clause.table)
            return;
        const bool isOpen = clause.regex || clause.table->form == Form::Name;
        if (clause.table->form == Form::Name)
            add(NameKind::Tag, clause.table->value, false, true);
        for (const Value& item : clause.table->items)
            add(NameKind::Tag, item, false, isOpen);
    }

    void macros(const tree::SyntaxNode& node) {
        for (const tree::SyntaxNode::Child& child : node.children()) {
            if (child.node) {
                macros(*child.node);
            } else if (child.token.kind == raw(TokenKind::MacroUse) || child.token.kind == raw(TokenKind::MacroKeyword)) {
                Value name;
                name.text = child.token.bytes.sliced(1);
                name.range = {child.token.offset + 1, child.token.bytes.size() - 1};
                add(NameKind::Macro, name);
            }
        }
    }

    const StatementView& m_statement;
    std::vector<NameUse> m_uses;
};

bool mayHold(NameKind kind, tree::Kind statement) {
    if (statement == raw(StatementKind::Unknown))
        return kind == NameKind::Macro;
    return true;
}

} // namespace

QByteArrayView describe(NameKind kind) {
    switch (kind) {
    case NameKind::Table:
        return "table";
    case NameKind::Action:
        return "action";
    case NameKind::Pki:
        return "certificate";
    case NameKind::Ca:
        return "certificate authority";
    case NameKind::Macro:
        return "macro";
    case NameKind::Filter:
        return "filter";
    case NameKind::Proc:
        return "process";
    case NameKind::Tag:
        return "tag";
    case NameKind::Wrapper:
        return "wrapper";
    }
    return "";
}

bool sameName(NameKind kind, QByteArrayView a, QByteArrayView b, Dialect dialect) {
    const bool anyCase = kind == NameKind::Pki || (kind == NameKind::Tag && dialect == Dialect::Modern);
    return anyCase ? a.compare(b, Qt::CaseInsensitive) == 0 : a == b;
}

std::vector<NameUse> namesIn(const StatementView& statement) {
    return Collector(statement).run();
}

std::vector<FoundName> findName(const FileSet& set, NameKind kind, QByteArrayView name) {
    std::vector<FoundName> result;
    const QByteArray wanted = name.toByteArray();
    for (size_t index = 0; index < set.documents().size(); ++index) {
        const DocumentPtr& document = set.documents()[index];
        const bool anyCase = !sameName(kind, "A", "b", document->dialect()) && sameName(kind, "A", "a", document->dialect());
        const QByteArrayMatcher matcher(wanted);
        size_t statement = 0;
        for (Document::Cursor at = document->begin(); at.isValid(); at.next()) {
            if (!at.child().isNode())
                continue;
            const size_t number = statement++;
            const char* text = document->bytes().constData() + at.offset();
            const QByteArrayView bytes(text, at.child().length());
            // A `$` may bring the name in, a backslash may stand in it.
            const bool mentions = anyCase || matcher.indexIn(text, bytes.size()) >= 0 || bytes.contains('$') || bytes.contains('\\');
            if (!mentions || !mayHold(kind, at.child().kind()))
                continue;
            for (NameUse& use : namesIn(document->statement(number))) {
                if (use.kind == kind && (use.isLookup || sameName(kind, use.name.text, name, document->dialect())))
                    result.push_back({index, number, std::move(use)});
            }
        }
    }
    return result;
}

QByteArray placeOf(const FileSet& set, const FoundName& found) {
    const StatementView statement = set.documents()[found.document]->statement(found.statement);
    const QByteArray line = "line " + QByteArray::number(statement.line());
    return found.document == 0 ? line : statement.file() + ", " + line;
}

} // namespace postern::config::edits
