// SPDX-License-Identifier: GPL-3.0-or-later
//
// Message content as it comes behind DATA: finds the end of data, removes the stuffed dots, watches what must not be there.
//
// Only CR LF ends a line and only CR LF . CR LF ends the data, in whatever pieces they arrive (the line end of the DATA
// command counts as the first CR LF). A lone CR or LF, a NUL or an over-long line is a fault: the stream is still followed
// to its true end, but no more content is given out. Holds no content; its memory is a few words.
// Thread: a value. Spec: RFC 5321 §2.3.8, §4.1.1.4, §4.5.2.
#pragma once

#include <QByteArray>

namespace postern::smtp {

class ContentStream {
  public:
    // Ordered by weight: the heaviest fault met decides the answer, wherever the stream was cut.
    enum class Fault : quint8 { None, LineTooLong, Nul, BareCrOrLf };

    explicit ContentStream(qsizetype maxLine) : m_maxLine(maxLine) {}

    // Appends the content found in `in` to `out` and returns how many octets of `in` belong to the data: all of them
    // unless isDone(), then what follows is the next command.
    qsizetype feed(QByteArrayView in, QByteArray& out);

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
    qsizetype m_line = 0; // octets of the line under way
    qint64 m_octets = 0;
    State m_state = State::LineStart;
    Fault m_fault = Fault::None;
    bool m_hasEightBit = false;
};

} // namespace postern::smtp
