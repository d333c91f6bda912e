// SPDX-License-Identifier: GPL-3.0-or-later
//
// One question, one line back: the blocking half of the line protocols (socketmap, external programs) that tables speak.
//
// Failure: Timeout, or Unavailable when the other side is gone, sends a line of more than 128 KiB, or has said something that
//   nobody asked for.
// Thread: the one that made the device.
#pragma once

#include "base/clock.h"
#include "base/result.h"

#include <QIODevice>

namespace postern::tables {

// `name` for texts: "the socketmap server at /path". Lines come without their end.
class LineDialogue {
  public:
    LineDialogue(QIODevice& device, QByteArray name, Milliseconds patience);

    Result<void> send(const QByteArray& line); // without its end
    Result<QByteArray> readLine();

  private:
    QIODevice& m_device;
    const QByteArray m_name;
    const Milliseconds m_patience;
    QByteArray m_rest;
};

} // namespace postern::tables
