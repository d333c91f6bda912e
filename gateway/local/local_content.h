// SPDX-License-Identifier: GPL-3.0-or-later
//
// A stored message as a mailbox or a command gets it: Return-Path and Delivered-To of ours first, no Return-Path of others, LF
// for line ends.
//
// Thread: one I/O thread; reads the disk. Limits: of a header, the first 256 KiB count.
// Failure: Corrupt, or as the disk says. Spec: RFC 5321 §4.4; reference page on local delivery; threat M10.
#pragma once

#include "queue/body_reader.h"

namespace postern::local {

class LocalContent {
  public:
    LocalContent(FileStore& files, queue::BodyPtr body);

    Result<void> open(); // reads the header
    // A Delivered-To says it went there before. In any case: "localhost" is "LOCALHOST".
    bool loopsTo(const QByteArray& destination) const;
    void addressed(const QByteArray& sender, const QByteArray& recipient); // before next()
    Result<QByteArray> next();                                            // a piece, "" at the end

  private:
    Result<QByteArray> raw();
    void readHeader(QByteArrayView text);

    queue::BodyPtr m_body;
    queue::BodyReader m_reader;
    QByteArrayList m_deliveredTo;
    QByteArray m_first;          // our fields and the header, LF
    bool m_gaveFirst = false;
    qint64 m_at = 0;             // in the stored content
    bool m_heldCr = false;       // the last octet of a piece: perhaps half of a line end
    bool m_endedInLine = false;  // the last octet given is no line end
    bool m_isOver = false;
};

} // namespace postern::local
