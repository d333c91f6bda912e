// SPDX-License-Identifier: GPL-3.0-or-later
//
// The message as it comes in through a descriptor: in frames from the gateway, or plain when a person or a wrapper runs us.
//
// Thread: the only one. Failure: Broken = cut short, or we were told to stop (SIGTERM): nothing may be delivered then.
#pragma once

#include "mda/order.h"

namespace postern::mda {

class Content {
  public:
    enum class Form { Frames, Plain };
    Content(int descriptor, Form form) : m_descriptor(descriptor), m_form(form) {}

    FrameReader::What next(std::string& piece); // waits, unless the descriptor does not: then NeedMore

  private:
    int m_descriptor;
    Form m_form;
    FrameReader m_frames;
};

// SIGTERM was received. Set up by watchSignals().
bool isToldToStop();
void watchSignals(); // SIGTERM is noted, and ends a call that waits; SIGPIPE becomes an error of write()

} // namespace postern::mda
