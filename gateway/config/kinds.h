// SPDX-License-Identifier: GPL-3.0-or-later
//
// Every kind of token and node in the tree of an smtpd.conf, one line each.
//
// A clause is named after what it means, not how it is spelled: `mask-source` and `mask-src` are both MaskSource, and the
// bytes tell which was written. Four enums share one number space, so that each can be switched over by itself.
// Thread: values.
#pragma once

#include "config/tree/green_tree.h"

#include <QByteArrayView>

namespace postern::config {

// clang-format off
#define POSTERN_TOKEN_KINDS(X)                                                                                         \
    X(Whitespace)       /* blanks and tabs */                                                                          \
    X(Newline)          /* LF or CR LF */                                                                              \
    X(Continuation)     /* backslash-newline between tokens */                                                         \
    X(Comment)          /* from # to the end of the line, with lines joined to it by a backslash */                    \
    X(ByteOrderMark)    /* EF BB BF, or UTF-16's FF FE or FE FF, at the start of the file */                             \
    X(Word)             /* unquoted string */                                                                          \
    X(QuotedString)     /* with its quotes */                                                                          \
    X(Number)           /* digits that end where a number may end */                                                   \
    X(Keyword)          /* a word that the grammar took as its own */                                                  \
    X(MacroUse)         /* $name; holds the place of its first token */                                                \
    X(MacroKeyword)     /* $name whose first token the grammar took as its own word */                                 \
    X(MacroTail)        /* bytes behind $name that its value goes on with: $net.1, or the rest of the line if it has # */\
    X(Expanded)         /* no bytes: a further token of the macro before it */                                         \
    X(ExpandedKeyword)  /* no bytes: the same, taken as a word of the grammar */                                       \
    X(Arrow)            /* => */                                                                                       \
    X(Equals)           /* = */                                                                                        \
    X(Comma) X(OpenBrace) X(CloseBrace) X(OpenParen) X(CloseParen) X(Less) X(Greater) X(Bang)                          \
    X(BareText)         /* text that would be a string if it were quoted: /path, @domain, *.x */                       \
    X(UnclosedString)   /* a quote that nothing closes, to its line's end */                                           \
    X(Stray)            /* a byte that no token starts with: NUL, lone CR, \x ... */                                   \
    X(Unread)           /* what lies beyond the limits of one file */

#define POSTERN_NODE_KINDS(X)                                                                                          \
    X(File)             /* statements, newlines, comments */                                                           \
    X(Error)            /* bytes that fit nowhere */                                                                   \
    X(TableName)        /* <name> */                                                                                   \
    X(TableLiteral)     /* one string where a table may stand */                                                       \
    X(TableList)        /* { a, b } or ( a, b ) */                                                                     \
    X(TableMapping)     /* { k = v, k => v } */                                                                        \
    X(TablePair)        /* k = v */                                                                                    \
    X(TableMapRef)      /* map NAME (2012) */                                                                          \
    X(ForGroup)         /* for { cond, cond } (2012); holds For... clauses */

#define POSTERN_STATEMENT_KINDS(X)                                                                                     \
    X(Macro)            /* name = "value" */                                                                           \
    X(Include)          /* include "path" */                                                                           \
    X(Listen)           /* listen on ... */                                                                            \
    X(Pki)              /* pki NAME ... */                                                                             \
    X(Ca)               /* ca NAME cert FILE */                                                                        \
    X(Table)            /* table NAME ..., map NAME ... */                                                             \
    X(Rule)             /* accept ..., reject ... */                                                                   \
    X(Action)           /* action NAME METHOD ... */                                                                   \
    X(Match)            /* match ... action NAME | reject */                                                           \
    X(Setting)          /* one global value: queue ttl, max-message-size, limits ... */                                \
    X(Filter)           /* filter NAME ..., filterchain ..., enqueuer filter ... */                                    \
    X(Proc)             /* proc NAME COMMAND ... */                                                                    \
    X(Unknown)          /* a line that starts no statement; its bytes are kept */

#define POSTERN_CLAUSE_KINDS(X)                                                                                        \
    /* listeners */                                                                                                    \
    X(Port) X(Inet4) X(Inet6) X(Tls) X(TlsRequire) X(Smtps) X(Secure) X(EnableAuth) X(Auth) X(AuthOptional) X(Tag)     \
    X(Hostname) X(Hostnames) X(MaskSource) X(ReceivedAuth) X(NoDsn) X(Senders) X(Filters) X(ProxyV2) X(Ciphers)        \
    X(Protocols) X(DsnNotify) X(DsnRet)                                                                                \
    /* certificates: pki and ca statements, and the clauses that name them */                                          \
    X(Certificate) X(Key) X(Pki) X(Ca) X(DhParams) X(Dhe)                                                              \
    /* where mail comes from and goes to */                                                                            \
    X(FromAny) X(FromLocal) X(FromSocket) X(FromSource) X(FromRdns) X(FromAuth) X(FromMailFrom)                        \
    X(ForAny) X(ForLocal) X(ForDomain) X(ForRecipient) X(ForVirtual) X(ForNetwork)                                     \
    X(On)               /* `on TAG` of 2012 */                                                                         \
    X(Tagged)           /* `tagged T` of rules, `tag T` of match, `tag T` behind a rule of 2012 */                     \
    X(Authenticated)    /* `authenticated` of rules, `auth [users]` of match */                                        \
    X(HeloIs) X(TlsUsed) X(Sender) X(Recipient)                                                                        \
    /* what happens to it */                                                                                           \
    X(UseAction) X(Reject) X(Alias) X(Virtual) X(Userbase) X(User) X(Wrapper)                                          \
    X(Mbox) X(Maildir) X(Mda) X(Lmtp) X(ExpandOnly) X(ForwardOnly) X(Catch) X(Relay) X(Ttl)                            \
    /* relaying */                                                                                                     \
    X(Via) X(Host) X(HostByDomain) X(Backup) X(Verify) X(As) X(Source) X(Helo) X(HeloSource) X(Srs)                    \
    X(Order) X(MaxRate) X(MaxConnections) /* Postern's own */                                                          \
    /* filters and processes */                                                                                        \
    X(Phase) X(Chain) X(UseProc) X(ProcExec) X(Program) X(Group) X(Chroot) X(FcrDns) X(Rdns) X(ClientSource)           \
    X(Disconnect) X(Rewrite) X(Report) X(Junk) X(Bypass)
// clang-format on

#define POSTERN_KIND_ENTRY(name) name,

enum class TokenKind : tree::Kind { None = 0, POSTERN_TOKEN_KINDS(POSTERN_KIND_ENTRY) };
enum class NodeKind : tree::Kind { None = 100, POSTERN_NODE_KINDS(POSTERN_KIND_ENTRY) };
enum class StatementKind : tree::Kind { None = 200, POSTERN_STATEMENT_KINDS(POSTERN_KIND_ENTRY) };
enum class ClauseKind : tree::Kind { None = 300, POSTERN_CLAUSE_KINDS(POSTERN_KIND_ENTRY) };

#undef POSTERN_KIND_ENTRY

constexpr tree::Kind raw(TokenKind kind) { return tree::Kind(kind); }
constexpr tree::Kind raw(NodeKind kind) { return tree::Kind(kind); }
constexpr tree::Kind raw(StatementKind kind) { return tree::Kind(kind); }
constexpr tree::Kind raw(ClauseKind kind) { return tree::Kind(kind); }

constexpr bool isToken(tree::Kind kind) { return kind < raw(NodeKind::None); }
constexpr bool isNode(tree::Kind kind) { return kind >= raw(NodeKind::None) && kind < raw(StatementKind::None); }
constexpr bool isStatement(tree::Kind kind) { return kind >= raw(StatementKind::None) && kind < raw(ClauseKind::None); }
constexpr bool isClause(tree::Kind kind) { return kind >= raw(ClauseKind::None); }

constexpr bool saysFrom(ClauseKind kind) { return kind >= ClauseKind::FromAny && kind <= ClauseKind::FromMailFrom; }
constexpr bool saysFor(ClauseKind kind) { return kind >= ClauseKind::ForAny && kind <= ClauseKind::ForNetwork; }
constexpr bool isMethod(ClauseKind kind) { return kind >= ClauseKind::Mbox && kind <= ClauseKind::Relay; }

// Blanks, comments and joined lines: what may stand between any two tokens.
constexpr bool isTrivia(TokenKind kind) {
    return kind == TokenKind::Whitespace || kind == TokenKind::Continuation || kind == TokenKind::Comment ||
           kind == TokenKind::ByteOrderMark;
}

QByteArrayView toString(tree::Kind kind); // "Word", "ListenStatement", "TlsRequire"; "?" for a number that is none

} // namespace postern::config
