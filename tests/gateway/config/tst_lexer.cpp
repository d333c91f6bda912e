// SPDX-License-Identifier: GPL-3.0-or-later
//
// Tokens and what they stand for, by the lexer rules of the 2012 dialect and the later dialects' differences.
#include "config/lexer.h"

#include <QTest>

using namespace postern::config;
using namespace Qt::StringLiterals;

namespace {

// "Word:listen Word:on", blanks and newlines left out unless asked for; the string is decoded.
QByteArray tokens(const QByteArray& text, Dialect dialect, bool all) {
    QByteArrayList out;
    for (const Token& token : lex(text)) {
        if (!all && (token.kind == TokenKind::Whitespace || token.kind == TokenKind::Newline))
            continue;
        out.append(toString(raw(token.kind)).toByteArray() + ':' +
                   decode(token.kind, QByteArrayView(text).sliced(token.offset, token.length), dialect));
    }
    return out.join(' ');
}

} // namespace

class TestLexer : public QObject {
    Q_OBJECT

  private Q_SLOTS:
    void everyByteIsInOneToken_data() { rows(); }
    void everyByteIsInOneToken();
    void reads_data() { rows(); }
    void reads();
    void blankBehindBackslashInQuotesDependsOnTheEra();
    void newlinesAreTokens();
    void macroValueHasNoBlanksAndNoComment();
    void macroValueIsNoFile();

  private:
    void rows();
};

void TestLexer::rows() {
    QTest::addColumn<QByteArray>("text");
    QTest::addColumn<QByteArray>("expected");
    const auto row = [](const char* name, const QByteArray& text, const QByteArray& expected) {
        QTest::newRow(name) << text << expected;
    };
    row("words and a number", "listen on lo0 port 25\n", "Word:listen Word:on Word:lo0 Word:port Number:25");
    row("a word takes addresses and URLs whole", "10.0.0.0/8 ::1 smtp://h:25 a@b", "Word:10.0.0.0/8 Word:::1 Word:smtp://h:25 Word:a@b");
    row("a path, @domain or wildcard must be quoted", "/a @x *.y ~/M", "BareText:/a BareText:@x BareText:*.y BareText:~/M");
    row("digits with a unit are a word", "4d", "Word:4d");
    row("a number ends at a brace, comma or slash", "{ 1,2}", "OpenBrace:{ Number:1 Comma:, Number:2 CloseBrace:}");
    row("a number may not end at a hash", "25#x", "Word:25 Comment:#x");
    row("comment to the end of the line", "tls # why\nauth", "Word:tls Comment:# why Word:auth");
    row("a backslash-newline continues a comment", "# one\\\ntwo\nauth", "Comment:# one\\\ntwo Word:auth");
    row("an escaped backslash does not continue it", "# one\\\\\ntls", "Comment:# one\\\\ Word:tls");
    row("backslash-newline between tokens is kept", "listen \\\n on", "Word:listen Continuation:\\\n Word:on");
    row("backslash-newline inside a word joins it", "lis\\\nten", "Word:listen");
    row("backslash-newline inside a number joins it", "2\\\n5 x", "Number:25 Word:x");
    row("backslash CR LF joins too", "lis\\\r\nten\r\n", "Word:listen");
    row("a backslash makes the next byte literal", "a\\bc", "Word:abc");
    row("an escaped hash starts a comment all the same", "\\# x", "Comment:\\# x");
    row("an escaped brace is a brace", "a \\{", "Word:a OpenBrace:\\{");
    row("an escaped blank still ends the word", "a\\ b", "Word:a Word:b");
    row("double quotes", "\"a b\"", "QuotedString:a b");
    row("single quotes hold double ones", "'a \"b\"'", "QuotedString:a \"b\"");
    row("the quote in use is escaped by a backslash", "\"a\\\"b\"", "QuotedString:a\"b");
    row("another escape keeps both bytes", "'.*\\.dyn'", "QuotedString:.*\\.dyn");
    row("two backslashes before the quote escape it", "\"a\\\\\"b\"", "QuotedString:a\\\"b");
    row("a newline inside quotes vanishes", "\"a\nb\"", "QuotedString:ab");
    row("a backslash-newline inside quotes vanishes", "\"a\\\nb\"", "QuotedString:ab");
    row("a CR LF inside quotes vanishes", "\"a\r\nb\"", "QuotedString:ab");
    row("a quote in the middle of a word is part of it", "don't", "Word:don't");
    row("an unclosed quote ends with its line", "\"abc\ntls", "UnclosedString:abc Word:tls");
    row("a string that would swallow a statement lost its closing quote", "include \"a\nlisten on \"lo\"\n",
        "Word:include UnclosedString:a Word:listen Word:on QuotedString:lo");
    row("or a macro", "a = 'b\nc = 'd'\n", "Word:a Equals:= UnclosedString:b Word:c Equals:= QuotedString:d");
    row("each of several lost quotes", "include \"a\ninclude \"b\ninclude \"c\"\n",
        "Word:include UnclosedString:a Word:include UnclosedString:b Word:include QuotedString:c");
    row("an indented line is part of the string", "a = \"accept\n for any\n relay\"", "Word:a Equals:= QuotedString:accept for any relay");
    row("so is a line joined by a backslash", "a = \"accept \\\nlisten on\"", "Word:a Equals:= QuotedString:accept listen on");
    row("so is a line that opens no statement", "a = \"cat\ndog b\"", "Word:a Equals:= QuotedString:catdog b");
    row("a macro only where a token may start", "$if a$b", "MacroUse:$if Word:a$b");
    row("a macro's name ends at other bytes", "$if.x", "MacroUse:$if BareText:.x");
    row("arrow and equals", "a => b=c", "Word:a Arrow:=> Word:b Equals:= Word:c");
    row("table reference", "<ours>", "Less:< Word:ours Greater:>");
    row("negation", "! from !tls", "Bang:! Word:from Bang:! Word:tls");
    row("C01 NUL outside quotes", QByteArray("a\0b", 3), QByteArray("Word:a Stray:\0 Word:b", 21));
    row("C01 lone CR", "a\rb", "Word:a Stray:\r Word:b");
    row("C01 invalid UTF-8 must be quoted", "m\xfcnchen", "BareText:m\xfcnchen");
    row("C01 byte order mark", "\xef\xbb\xbftls", "ByteOrderMark:\xef\xbb\xbf Word:tls");
    row("C01 backslash at the end of the file joins it to nothing", "a\\", "Word:a Continuation:\\");
    row("C01 backslash at the end of the file, alone", "\\", "Continuation:\\");
    row("C01 backslash at the end of the file, behind a number", "25\\", "Number:25 Continuation:\\");
    row("C01 two backslashes at the end of the file are one letter", "a\\\\", "Word:a Stray:\\\\");
    row("a negative number", "-5", "Number:-5");
    row("a dash and more is no number", "-5a", "BareText:-5a");
    row("a dash alone is no number", "-", "BareText:-");
    row("empty", "", "");
}

void TestLexer::everyByteIsInOneToken() {
    QFETCH(const QByteArray, text);
    qsizetype end = 0;
    for (const Token& token : lex(text)) {
        QCOMPARE(qsizetype(token.offset), end);
        QVERIFY(token.length > 0);
        end += token.length;
    }
    QCOMPARE(end, text.size());
}

void TestLexer::reads() {
    QFETCH(const QByteArray, text);
    QFETCH(const QByteArray, expected);
    QCOMPARE(tokens(text, Dialect::Legacy, false), expected);
}

void TestLexer::blankBehindBackslashInQuotesDependsOnTheEra() {
    QCOMPARE(tokens("\"a\\ b\"", Dialect::Map2012, false), "QuotedString:a\\ b");
    QCOMPARE(tokens("\"a\\ b\"", Dialect::Legacy, false), "QuotedString:a\\ b");
    QCOMPARE(tokens("\"a\\ b\"", Dialect::Modern, false), "QuotedString:a b");
}

void TestLexer::newlinesAreTokens() {
    QCOMPARE(tokens("a\n\r\n", Dialect::Modern, true), "Word:a Newline:\n Newline:\r\n");
}

void TestLexer::macroValueHasNoBlanksAndNoComment() {
    const MacroValuePtr value = lexMacroValue("port 25 'a b' # rest", Dialect::Modern);
    QByteArrayList found;
    for (const MacroToken& token : value->tokens)
        found.append(token.text);
    QCOMPARE(found, QByteArrayList({"port", "25", "a b"}));
}

// A byte order mark is one at the start of a file only; elsewhere it is text, also at the start of a macro's value.
void TestLexer::macroValueIsNoFile() {
    const MacroValuePtr value = lexMacroValue("\xef\xbb\xbf", Dialect::Modern);
    QCOMPARE(value->tokens.size(), size_t(1));
    QCOMPARE(value->tokens.front().text, "\xef\xbb\xbf");
}

QTEST_APPLESS_MAIN(TestLexer)
#include "tst_lexer.moc"
