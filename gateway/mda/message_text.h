// SPDX-License-Identifier: GPL-3.0-or-later
//
// What a mailbox does to the lines of a message, piece by piece: "From " lines of an mbox, marks of junk, the last line of a
// command's output.
//
// Lines end in LF. Thread: values. Limits: nothing is kept beyond the beginning of one line.
// Spec: mail.local and mail.mboxfile (which lines are escaped), mail.maildir (marks of junk).
#pragma once

#include <ctime>
#include <string>
#include <string_view>

namespace postern::mda {

// Which lines that begin with "From " get a ">".
enum class FromLines {
    AfterEmpty, // those that a reader would take for the next message: mail.local
    Every,      // mail.mboxfile
};

class MboxText {
  public:
    explicit MboxText(FromLines which) : m_which(which) {}

    static std::string fromLine(std::string_view sender,
                                std::time_t now); // "From ann@a.example Tue Jun  4 09:08:07 2024\n"
    void feed(std::string_view piece, std::string& out);
    void finish(std::string& out); // ends the last line, and an empty one

  private:
    bool isEscaped() const { return m_which == FromLines::Every || m_afterEmpty; }

    FromLines m_which;
    bool m_afterEmpty = true; // the line before this one is empty
    bool m_undecided = true;  // this line may still turn out to begin with "From "; m_start is what there is of it
    std::string m_start;
    bool m_hasText = false; // something of an unfinished line went out
};

class JunkWatch {
  public:
    void feed(std::string_view piece);
    bool isJunk() const { return m_isJunk; }

  private:
    void endLine();

    std::string m_line; // its beginning
    bool m_inHeader = true;
    bool m_isJunk = false;
};

class LastLine {
  public:
    void feed(std::string_view piece);
    std::string text() const; // the last line that is not empty: printable, at most 300 octets

  private:
    std::string m_line, m_last;
};

} // namespace postern::mda
