// SPDX-License-Identifier: GPL-3.0-or-later
//
// Message content as it comes behind DATA or in the chunks of BDAT: watches what must not be there; behind DATA it finds the
// end and removes the stuffed dots.
//
// Only CR LF ends a line and only CR LF . CR LF ends the data, in whatever pieces they arrive (the line end of the DATA
// command counts as the first CR LF). A lone CR or LF, a NUL or an over-long line is a fault: the stream is still followed
// to its true end, but no more content is given out. Holds no content; its memory is a few words.
// Thread: a value. Spec: RFC 5321 §2.3.8, §4.1.1.4, §4.5.2; RFC 3030 §2 (a chunk may end anywhere, in a CR LF too).
#pragma once

#include <QByteArray>

namespace postern::smtp {

class ContentStream {
  public:
    // Ordered by weight: the heaviest fault met decides the answer, wherever the stream was cut.
    enum class Fault : quint8 { None, LineTooLong, Nul, BareCrOrLf };

    // Dotted: behind DATA. Counted: chunks whose length the caller knows; a dot is a dot, and finish() ends it.
    enum class Framing : quint8 { Dotted, Counted };

    explicit ContentStream(qsizetype maxLine, Framing framing = Framing::Dotted)
        : m_maxLine(maxLine), m_framing(framing) {}

    // Appends the content found in `in` to `out` and returns how many octets of `in` belong to the data: all of them
    // unless isDone(), then what follows is the next command.
    qsizetype feed(QByteArrayView in, QByteArray& out);
    // No more chunks. A last line without its CR LF gets one, because the next hop may only know DATA.
    void finish(QByteArray& out);

    bool isDone() const { return m_state == State::Done; }
    Fault fault() const { return m_fault; }
    qint64 octets() const { return m_octets; }         // content so far, unstuffed, line ends included
    bool hasEightBit() const { return m_hasEightBit; }

  private:
    enum class State : quint8 {
        LineStart, // behind CR LF
        Dot,       // behind CR LF .
        DotCr,     // behind CR LF . CR
        InLine,
        Cr, // in a line, behind CR
        Done,
    };

    qsizetype walk(QByteArrayView in, QByteArray& out);
    qsizetype walkLine(QByteArrayView in, qsizetype at);
    void give(QByteArrayView run, QByteArray& out);
    void addToLine(qsizetype octets);
    void note(Fault fault);

    qsizetype m_maxLine; // constant
    Framing m_framing;   // constant
    qsizetype m_line = 0; // octets of the line under way
    qint64 m_octets = 0;
    State m_state = State::LineStart;
    Fault m_fault = Fault::None;
    bool m_hasEightBit = false;
};

} // namespace postern::smtp
