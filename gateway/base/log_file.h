// SPDX-License-Identifier: GPL-3.0-or-later
//
// The log on disk: LOGS/postern.log, and older ones as postern.log.1 (the youngest) to postern.log.N, all together bounded.
//
// Written on a thread of its own, so a slow disk holds up nobody. A file that reaches its size is moved on before the next
// line. Not synced: a killed process loses no line that was written, a power cut may. Mode 0600, in a folder of mode 0700;
// a link in a file's place is never followed (C03).
// Thread: add() and flush() from any. Failure: open() says why; later a line that cannot be written is counted, and the
// count is told in the file as soon as writing works again.
#pragma once

#include "base/log_writer.h"
#include "base/result.h"

#include <QByteArrayList>

#include <memory>

namespace postern {

class LogFile {
  public:
    struct Limits {
        qint64 octets = 4LL << 20; // of one file
        int older = 4;             // files kept beside the one that is written
    };

    static Result<std::unique_ptr<LogFile>> open(const QByteArray& folder, Limits limits);
    static Result<std::unique_ptr<LogFile>> open(const QByteArray& folder) { return open(folder, Limits{}); }
    ~LogFile(); // writes what waits, at most a second
    LogFile(const LogFile&) = delete;
    LogFile& operator=(const LogFile&) = delete;

    void add(QByteArrayView line); // without its line end
    bool flush();

    // The files of a folder that are there, oldest first.
    static QByteArrayList filesOf(const QByteArray& folder);

  private:
    LogFile(QByteArray folder, Limits limits, int descriptor, qint64 size);
    void write(const QByteArray& lines); // the writer's thread
    void writePart(QByteArrayView lines);
    void moveOn();

    const QByteArray m_folder;
    const Limits m_limits;
    // The writer's thread's
    int m_descriptor;
    qint64 m_size;
    qint64 m_lost = 0; // lines
    std::unique_ptr<LogWriter> m_writer; // goes first
};

} // namespace postern
