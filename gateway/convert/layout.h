// SPDX-License-Identifier: GPL-3.0-or-later
//
// A file as pieces that can be replaced and moved: each statement with the comment lines directly above it, the comment
// behind it, and the blank lines and comments before those that belong to nobody.
//
// Untouched pieces joined again are the file. Thread: values.
#pragma once

#include "config/views/statement_view.h"

#include <QByteArrayList>

namespace postern::convert {

struct Piece {
    QByteArray gap;      // stays where it is when the piece moves
    QByteArray comments; // lines directly above
    QByteArray indent;
    QByteArrayList statements; // what stands there now; several = one a line; none = only its comments stay
    QByteArray behind;         // blanks and the comment behind the statement
    QByteArray newline;        // "" = the file ends here without one

    QByteArrayList above;         // lines put before the comments: actions, certificates
    QByteArrayList beside;        // comment lines put between the comments and the statement
    QByteArrayList defines, uses; // names, for the order: "table:aliases"
};

class Layout {
  public:
    explicit Layout(const config::DocumentPtr& document);

    std::vector<Piece>& pieces() { return m_pieces; } // one a statement
    QByteArray newline() const { return m_newline; }  // as this file writes it

    // Moves a definition that stands behind its first use right before it. Returns the indexes of what was moved.
    std::vector<size_t> putDefinitionsFirst();
    void endWithNewline();
    void endLinesInLf(); // instead of CR LF
    bool dropByteOrderMark(); // false: there is none
    QByteArray text() const;
    size_t pieceAt(qsizetype offset) const; // of text(): index into pieces(); size() = behind the last

  private:
    QByteArray text(std::vector<std::pair<qsizetype, size_t>>* ends) const;

    std::vector<Piece> m_pieces;
    std::vector<size_t> m_order; // what stands in each place
    QByteArray m_rest;           // behind the last statement
    QByteArray m_newline = "\n";
};

} // namespace postern::convert
