// SPDX-License-Identifier: GPL-3.0-or-later
//
// Messages of the queue as files: one .eml as it would be sent, a folder of them, or one mbox for other mail programs.
//
// An .eml has the stored octets, CR LF line ends and all. An mbox has LF line ends and "From " lines quoted as in mboxrd.
// Files are written beside their place, synced and renamed; mode 0600. Thread: main. Failure: a sentence; what was begun is
// removed.
#pragma once

#include "ctl/queue_access.h"

namespace postern::ctl {

// The message's octets, piece by piece.
Result<void> eachPiece(QueueAccess& queue, const QString& message, const std::function<Result<void>(const QByteArray&)>& take);

Result<qint64> exportFile(QueueAccess& queue, const QString& message, const QByteArray& path); // octets

// One message of an mbox: its separator line, and then its lines, which may come cut anywhere.
class MboxWriter {
  public:
    using Sink = std::function<Result<void>(QByteArrayView)>;
    explicit MboxWriter(Sink sink) : m_sink(std::move(sink)) {}
    Result<void> begin(const QString& sender, qint64 unixSeconds);
    Result<void> add(const QByteArray& octets);
    Result<void> end();

  private:
    Result<void> lines(bool isEnd);
    Sink m_sink;
    QByteArray m_rest;          // not yet a whole line
    bool m_isBegun = false;     // its beginning, too long to be kept, is written
};

Result<qint64> exportMbox(QueueAccess& queue, const QList<control::QueueRow>& messages, const QByteArray& path);

} // namespace postern::ctl
