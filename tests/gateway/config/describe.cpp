// SPDX-License-Identifier: GPL-3.0-or-later
#include "describe.h"

#include "config/views/table_view.h"

namespace postern::test {

using namespace config;

namespace {

void appendTree(const tree::SyntaxNode& node, int depth, QByteArray& out) {
    out += QByteArray(depth * 2, ' ') + toString(node.kind()).toByteArray() + '\n';
    for (const tree::SyntaxNode::Child& child : node.children()) {
        if (child.node) {
            appendTree(*child.node, depth + 1, out);
            continue;
        }
        QByteArray bytes = child.token.bytes;
        bytes.replace("\\", "\\\\").replace("\n", "\\n").replace("\r", "\\r").replace("\t", "\\t");
        out += QByteArray((depth + 1) * 2, ' ') + toString(child.token.kind).toByteArray() + " `" + bytes + "`\n";
    }
}

QByteArray texts(const std::vector<Value>& values) {
    QByteArrayList list;
    for (const Value& value : values)
        list.append(value.text);
    return list.join(' ');
}

} // namespace

QByteArray describe(const TableArgument& table) {
    switch (table.form) {
    case TableArgument::Form::Name:
        return '<' + table.value.text + '>';
    case TableArgument::Form::Literal:
        return table.value.text;
    case TableArgument::Form::List:
        return '[' + texts(table.items) + ']';
    case TableArgument::Form::Mapping: {
        QByteArrayList pairs;
        for (const TableArgument::Pair& pair : table.pairs)
            pairs.append(pair.key.text + '=' + pair.value.text);
        return '{' + pairs.join(' ') + '}';
    }
    }
    return {};
}

QByteArray describe(const Clause& clause) {
    QByteArray out = (clause.negated ? "!" : "") + toString(raw(clause.kind)).toByteArray();
    if (clause.regex)
        out += '~';
    for (const char* flag : {"verify", "no-verify", "masquerade", "rcpt-to", "junk", "mx"}) {
        if (clause.has(flag) && clause.words.size() > 1 && clause.words.back().text == flag &&
            clause.kind != ClauseKind::ForRecipient)
            out += '+' + QByteArray(flag);
    }
    QByteArrayList parts;
    if (!clause.values.empty())
        parts.append(texts(clause.values));
    if (clause.table)
        parts.append(describe(*clause.table));
    return parts.isEmpty() ? out : out + '(' + parts.join("; ") + ')';
}

QByteArray describe(const StatementView& statement) {
    QByteArrayList parts{toString(raw(statement.kind())).toByteArray().chopped(9)};
    if (!statement.words().empty())
        parts.append(texts(statement.words()));
    if (!statement.values().empty())
        parts.append('(' + texts(statement.values()) + ')');
    if (const auto table = TableView::from(statement); table && table->content())
        parts.append(describe(*table->content()));
    for (const Clause& clause : statement.clauses())
        parts.append(describe(clause));
    if (statement.hasError())
        parts.append("ERROR");
    return parts.join(' ');
}

QByteArray describe(const DocumentPtr& document) {
    QByteArrayList lines;
    for (const StatementView& statement : document->statements())
        lines.append(describe(statement));
    return lines.join('\n');
}

QByteArray printed(const Diagnostics& diagnostics) {
    QByteArrayList lines;
    for (const Diagnostic& diagnostic : judgedFor(diagnostics, Target::Postern))
        lines.append(diagnostic.print());
    return lines.join('\n');
}

QByteArray treeOf(const DocumentPtr& document) {
    QByteArray out;
    appendTree(document->root(), 0, out);
    return out;
}

} // namespace postern::test
