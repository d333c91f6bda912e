// SPDX-License-Identifier: GPL-3.0-or-later
#include "config/kinds.h"

namespace postern::config {

QByteArrayView toString(tree::Kind kind) {
#define POSTERN_TOKEN_NAME(name)                                                                                       \
    case raw(TokenKind::name):                                                                                         \
        return #name;
#define POSTERN_NODE_NAME(name)                                                                                        \
    case raw(NodeKind::name):                                                                                          \
        return #name;
#define POSTERN_STATEMENT_NAME(name)                                                                                   \
    case raw(StatementKind::name):                                                                                     \
        return #name "Statement";
#define POSTERN_CLAUSE_NAME(name)                                                                                      \
    case raw(ClauseKind::name):                                                                                        \
        return #name;
    switch (kind) {
        POSTERN_TOKEN_KINDS(POSTERN_TOKEN_NAME)
        POSTERN_NODE_KINDS(POSTERN_NODE_NAME)
        POSTERN_STATEMENT_KINDS(POSTERN_STATEMENT_NAME)
        POSTERN_CLAUSE_KINDS(POSTERN_CLAUSE_NAME)
    }
#undef POSTERN_TOKEN_NAME
#undef POSTERN_NODE_NAME
#undef POSTERN_STATEMENT_NAME
#undef POSTERN_CLAUSE_NAME
    return "?";
}

} // namespace postern::config
