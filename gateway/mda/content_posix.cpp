// SPDX-License-Identifier: GPL-3.0-or-later
#include "mda/content.h"

#include <unistd.h>

#include <cerrno>
#include <csignal>

namespace postern::mda {
namespace {

volatile std::sig_atomic_t toldToStop = 0;

void onTerminate(int) {
    toldToStop = 1;
}

} // namespace

bool isToldToStop() {
    return toldToStop != 0;
}

void watchSignals() {
    struct sigaction action = {};
    action.sa_handler = onTerminate; // without SA_RESTART: read() has to come back
    ::sigaction(SIGTERM, &action, nullptr);
    std::signal(SIGPIPE, SIG_IGN);
}

FrameReader::What Content::next(std::string& piece) {
    char buffer[65536];
    while (true) {
        if (m_form == Form::Frames) {
            const FrameReader::What what = m_frames.next(piece);
            if (what != FrameReader::What::NeedMore)
                return what;
        }
        if (isToldToStop())
            return FrameReader::What::Broken;
        const ssize_t got = ::read(m_descriptor, buffer, sizeof buffer);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return errno == EAGAIN || errno == EWOULDBLOCK ? FrameReader::What::NeedMore : FrameReader::What::Broken;
        if (m_form == Form::Plain) {
            piece.assign(buffer, std::size_t(got));
            return got == 0 ? FrameReader::What::End : FrameReader::What::Piece;
        }
        if (got == 0)
            return FrameReader::What::Broken;
        m_frames.feed({buffer, std::size_t(got)});
    }
}

} // namespace postern::mda
