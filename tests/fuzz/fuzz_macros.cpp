// SPDX-License-Identifier: GPL-3.0-or-later
//
// Macro expansion: a statement that uses $x says the same as the statement with the macro's value written out.
//
// Input: one byte for the dialect, one for what stands before the macro, the value, and behind a NUL what follows it.
#include "config/document.h"
#include "require.h"

#include <algorithm>
#include <array>

using namespace postern::config;
using postern::test::require;

namespace {

void describe(const TableArgument& table, QByteArray& out) {
    out += "<" + QByteArray::number(int(table.form)) + table.value.text;
    for (const Value& item : table.items)
        out += "|" + item.text;
    for (const TableArgument::Pair& pair : table.pairs)
        out += "|" + pair.key.text + "=" + pair.value.text;
    out += ">";
}

void describe(const std::vector<Value>& values, char mark, QByteArray& out) {
    for (const Value& value : values)
        out += mark + value.text + (value.number ? "#" : "");
}

// What the last statement says, without where it stands.
QByteArray meaning(const DocumentPtr& document) {
    if (document->statementCount() == 0)
        return {};
    const StatementView statement = document->statement(document->statementCount() - 1);
    QByteArray out = toString(raw(statement.kind())).toByteArray() + (statement.hasError() ? "!" : "");
    describe(statement.words(), ' ', out);
    describe(statement.values(), '=', out);
    for (const Clause& clause : statement.clauses()) {
        out += "\n" + toString(raw(clause.kind)).toByteArray() + (clause.negated ? "!" : "") + (clause.regex ? "r" : "");
        describe(clause.words, ' ', out);
        describe(clause.values, '=', out);
        if (clause.table)
            describe(*clause.table, out);
    }
    return out;
}

// A value that reads the same in quotes and without: nothing in it ends or joins anything.
bool isPlain(const QByteArray& value) {
    return std::none_of(value.begin(), value.end(), [](char c) {
        return static_cast<unsigned char>(c) < 0x20 ? c != '\t' : QByteArrayView("\"'\\#$").contains(c);
    });
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, size_t size) {
    if (size < 2)
        return 0;
    static const std::array<QByteArray, 12> before{
        "", "listen on ", "match ", "match from ", "accept ", "accept for ", "action a relay ", "table t ",
        "pki n ", "filter f phase ", "smtp ", "reject from any for domain { a.test, "};
    const std::array dialects{Dialect::Map2012, Dialect::Legacy, Dialect::Modern};
    const QByteArray rest = postern::test::bytesOf(data + 2, size - 2);
    const qsizetype end = rest.indexOf('\0');
    const QByteArray value = end < 0 ? rest : rest.first(end);
    const QByteArray behind = rest.sliced(std::min(value.size() + 1, rest.size()));
    ParseOptions options;
    options.dialect = dialects[data[0] % dialects.size()];
    const QByteArray& head = before[data[1] % before.size()];

    const QByteArray used = "x = \"" + value + "\"\n" + head + "$x " + behind + "\n";
    const DocumentPtr document = Document::parse("f", used, options);
    require(document->root().text() == used, "the text comes back", used);
    (void)meaning(document);
    if (!isPlain(value) || !isPlain(behind) || value.trimmed().isEmpty())
        return 0;
    const DocumentPtr written = Document::parse("f", "x = \"y\"\n" + head + value + " " + behind + "\n", options);
    require(meaning(document) == meaning(written), "a macro says what its value says",
            meaning(document) + "\nversus\n" + meaning(written));
    return 0;
}
