// SPDX-License-Identifier: GPL-3.0-or-later
//
// Tokens to tree: one statement per line, everyday statements of the three dialects, everything else kept as it is.
//
// Reads by the tables of grammar.h. What does not fit becomes an Error node up to the end of its line and one diagnostic;
// the next line starts afresh. Macros are expanded while reading: the token `$x` stands for the first of its tokens, the
// others become Expanded tokens without bytes, so the text stays the text.
// Not recursive beyond the grammar's own nesting (three levels), whatever the input. Time: linear.
// Thread: one parser, one thread, used once. Only document.cpp needs this header.
#pragma once

#include "config/diagnostics.h"
#include "config/grammar.h"
#include "config/lexer.h"
#include "config/tree/builder.h"
#include "config/tree/syntax_node.h"

#include <functional>

namespace postern::config {

using tree::Range;

inline constexpr size_t kMostDiagnostics = 1000; // of one file
inline constexpr size_t kMostNotesForOthers = 200'000; // kept of one file; a document shows kMostDiagnostics of them

class Parser {
  public:
    struct Note {
        Severity severity;
        Range range;
        QByteArray text;
        QByteArray suggestion;
        Targets refusedBy = kReaders;
    };
    struct Definition { // of a macro, in file order
        qsizetype offset;
        QByteArray name;
        MacroValuePtr value;
    };
    struct CarriageReturn {
        Range range;
        bool isRefused; // by every reader of the language
    };
    struct Output {
        std::vector<tree::Piece> pieces; // of the file, side by side: statements, newlines, comments
        std::vector<std::pair<qsizetype, MacroValuePtr>> expansions; // by offset of the `$name`
        std::vector<Definition> definitions;
        std::vector<CarriageReturn> carriageReturns; // where a line ends in CR LF
        std::vector<Note> notes;
    };
    using IncludeHook = std::function<void(const QByteArray& path, Range range, MacroTable& macros)>;

    Parser(QByteArrayView text, const std::vector<Token>& tokens, Dialect dialect, MacroTable& macros,
           const IncludeHook& onInclude);
    Output run();

  private:
    // The next token that means something, macros already expanded.
    struct Lexeme {
        TokenKind kind = TokenKind::None; // None: end of the file
        QByteArray text;                  // decoded; often a view of the file's bytes, so copies must not be kept
        Range range;
        bool fromMacro = false;
    };
    enum class As : quint8 { Value, Keyword };
    // What is wanted at some place; put into words only where something else stands.
    struct What {
        QByteArrayView text;
        bool isWord = false; // of the grammar: its value is wanted

        What(const char* words) : text(words) {}
        What(const QByteArray& words) : text(words) {}
        static What valueOf(QByteArrayView word);
        QByteArray print() const;
    };

    // parser.cpp: the cursor
    const Lexeme& peek();
    void expand(const Token& token);
    MacroValuePtr withTail(const MacroValuePtr& value);
    void emitMacroTail();
    void bump(As as = As::Value);
    void flushTrivia();
    bool atEnd();             // of the statement
    bool atWord(QByteArrayView word);
    bool afterNewline() const; // the next token is the first of its line
    QByteArrayView bytes(const Token& token) const;
    QByteArray textOf(const Token& token) const; // decoded, without a copy where the bytes are the text
    std::vector<MacroToken> ahead(size_t count); // the next tokens, macros expanded; nothing is consumed
    bool isAhead(TokenKind kind);                // behind the next token

    // parser.cpp: values and diagnostics
    void say(Severity severity, Range range, QByteArray text, QByteArray suggestion = {});
    void say(Severity severity, Targets refusedBy, Range range, QByteArray text, QByteArray suggestion = {});
    void sayUnknownTo(Targets readers, Span span, const QByteArray& what, Range range); // they lack this word
    bool isFull() const { return m_saidToUser > kMostDiagnostics; } // nothing that is said is kept any more
    void error(QByteArray text, QByteArray suggestion = {}); // at the next token
    bool expected(What what);                      // "expected WHAT, found ..."; always false
    bool expectedOneOf(const QByteArrayList& words); // the same, with a near miss
    QByteArray found();
    void checkString(const Lexeme& lexeme);
    bool isValue();                    // a string, number or something that only lacks quotes comes next
    bool isOptionalValue();            // the same, where a word of the grammar may stand instead
    bool value(What what);   // one string
    bool number(What what);
    bool time();
    bool table(What what);
    bool tableName();
    bool tableList(bool mayMap = true);
    bool listItem(bool& isMapping, bool& isList, bool mayMap);
    bool filterNames();
    bool keyword(QByteArrayView word); // must be next

    // parser_clauses.cpp
    struct Found {
        const ClauseRule* rule = nullptr;
        bool otherDialect = false;
    };
    Found findClause(std::span<const ClauseRule> rules, QByteArrayView word) const;
    void sayOtherDialect(std::span<const ClauseRule> rules, const ClauseRule& rule);
    bool unknownWord(std::initializer_list<Context> contexts);
    bool clauses(Context context); // to the end of the statement
    bool clause(std::span<const ClauseRule> rules, Found found);
    bool argument(const ClauseRule& rule);
    bool condition(What what, bool optional);
    bool port();
    bool order();
    void once(ClauseKind kind, Range range, QByteArrayView word);
    void inRuleOrder(ClauseKind kind);

    // parser_statements.cpp
    void carriageReturns();
    void file();
    void statement();
    bool statementBody(const Lexeme& first, StatementKind& kind);
    void recover();
    void sayLongString(size_t begin);
    bool macroDefinition();
    bool include();
    bool listen();
    bool pki();
    bool ca();
    bool tableStatement();
    bool mapSource();
    bool filter();
    bool oldFilter(bool isChain);
    bool filterPhase();
    bool filterPart(std::span<const ClauseRule> rules, const PhaseRule* phase, bool isDecision);
    bool proc();
    const SettingRule* findSetting();
    bool setting(const SettingRule& rule);
    bool limits(Setting setting);
    bool unknownStatement();

    // parser_rules.cpp
    bool rule();
    bool ruleClause(Context& context);
    void oldNegation();
    bool ruleFrom();
    void sayAll();
    bool ruleFor();
    bool ruleForGroup();
    bool destination(ClauseKind& kind);
    bool groupMember();
    bool deliver();
    bool match();
    bool matchWhere(Context context, ClauseKind otherwise);
    bool action();
    bool method();

    QByteArrayView m_text;
    const std::vector<Token>& m_tokens;
    Dialect m_dialect;
    MacroTable& m_macros;
    const IncludeHook& m_onInclude;

    tree::Builder m_builder;
    Output m_output;
    size_t m_saidToUser = 0, m_saidForOthers = 0;   // notes of each sort; each has its limit
    size_t m_lastToUser = 0, m_lastForOthers = 0;   // where the note that says so is

    size_t m_emitted = 0; // tokens before this one are in the tree
    size_t m_next = 0;    // the token that m_lexeme is or comes from
    Lexeme m_lexeme;
    bool m_peeked = false;
    MacroValuePtr m_macro; // being read out
    size_t m_macroEnd = 0; // the token behind the macro's use and its tail
    size_t m_tailFrom = 0, m_tailTo = 0; // the tail of the last use whose value holds a comment only
    size_t m_macroIndex = 0;
    bool m_lineAhead = false; // the statement ended before the next token, which opens a new one

    // Of this statement:
    StatementKind m_kind = StatementKind::Unknown;
    std::vector<ClauseKind> m_seen;
    int m_ruleGroup = 0;         // how far in the order of a rule's parts
    bool m_mayBeSecret = false; // its values stay out of diagnostics
    bool m_isForeign = false;   // another dialect's; said once
};

} // namespace postern::config
