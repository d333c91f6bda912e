// SPDX-License-Identifier: GPL-3.0-or-later
//
// The idea: lines are found with memchr and stay where they are; content is handed on as runs that only break where a
// stuffed dot falls out, so a message without such dots is one copy. What is remembered between buffers is one state.
#include "smtp/content_stream.h"

#include <algorithm>
#include <cstring>

namespace postern::smtp {
namespace {

qsizetype find(QByteArrayView in, qsizetype from, qsizetype to, char what) {
    const void* hit = std::memchr(in.data() + from, what, size_t(to - from));
    return hit ? static_cast<const char*>(hit) - in.data() : -1;
}

bool hasHighBit(QByteArrayView in) {
    const char* at = in.data();
    const char* const end = at + in.size();
    quint64 all = 0;
    for (; end - at >= 8; at += 8) {
        quint64 word;
        std::memcpy(&word, at, 8);
        all |= word;
    }
    for (; at < end; ++at)
        all |= quint64(uchar(*at));
    return (all & 0x8080808080808080ULL) != 0;
}

} // namespace

qsizetype ContentStream::feed(QByteArrayView in, QByteArray& out) {
    if (in.isEmpty() || isDone())
        return 0;
    const qsizetype kept = out.size();
    const qsizetype taken = walk(in, out);
    const QByteArrayView data = in.first(taken);
    if (!m_hasEightBit)
        m_hasEightBit = hasHighBit(data);
    if (find(data, 0, taken, '\0') >= 0)
        note(Fault::Nul);
    if (m_fault != Fault::None)
        out.truncate(kept);
    return taken;
}

void ContentStream::finish(QByteArray& out) {
    if (m_state == State::Cr)
        note(Fault::BareCrOrLf);
    if (m_state == State::InLine)
        give("\r\n", out);
    m_state = State::Done;
}

qsizetype ContentStream::walk(QByteArrayView in, QByteArray& out) {
    qsizetype at = 0;
    qsizetype run = 0; // start of content not yet given out
    while (at < in.size()) {
        switch (m_state) {
        case State::LineStart:
            m_line = 0;
            if (in[at] != '.' || m_framing == Framing::Counted) {
                m_state = State::InLine;
                break;
            }
            give(in.sliced(run, at - run), out);
            run = ++at;
            m_state = State::Dot;
            break;
        case State::Dot:
            m_state = in[at] == '\r' ? State::DotCr : State::InLine;
            if (m_state == State::DotCr)
                run = ++at;
            break;
        case State::DotCr:
            if (in[at] == '\n') {
                m_state = State::Done;
                return at + 1;
            }
            note(Fault::BareCrOrLf);
            m_state = State::InLine;
            break;
        case State::InLine:
            at = walkLine(in, at);
            break;
        case State::Cr:
            if (in[at] == '\n') {
                m_state = State::LineStart;
                ++at;
            } else {
                note(Fault::BareCrOrLf);
                m_state = State::InLine;
            }
            break;
        case State::Done:
            return at;
        }
    }
    give(in.sliced(run), out);
    return at;
}

// From inside a line to behind its LF or to the end of the buffer; a lone LF does not end the line.
qsizetype ContentStream::walkLine(QByteArrayView in, qsizetype at) {
    const qsizetype lf = find(in, at, in.size(), '\n');
    const qsizetype end = lf < 0 ? in.size() : lf;
    qsizetype cr = find(in, at, end, '\r');
    if (cr >= 0 && cr < end - 1) {
        note(Fault::BareCrOrLf);
        cr = in[end - 1] == '\r' ? end - 1 : -1;
    }
    addToLine((cr < 0 ? end : cr) - at);
    if (lf < 0) {
        m_state = cr < 0 ? State::InLine : State::Cr;
        return in.size();
    }
    if (cr < 0)
        note(Fault::BareCrOrLf);
    else
        m_state = State::LineStart;
    return lf + 1;
}

void ContentStream::give(QByteArrayView run, QByteArray& out) {
    m_octets += run.size();
    if (m_fault == Fault::None)
        out.append(run);
}

void ContentStream::addToLine(qsizetype octets) {
    m_line += octets;
    if (m_line > m_maxLine)
        note(Fault::LineTooLong);
}

void ContentStream::note(Fault fault) {
    m_fault = std::max(m_fault, fault);
}

} // namespace postern::smtp
