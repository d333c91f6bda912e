// SPDX-License-Identifier: GPL-3.0-or-later
#include "ctl/queue_export.h"

#include <QDateTime>
#include <QFile>
#include <QLocale>

using namespace Qt::StringLiterals;

namespace postern::ctl {
namespace {

constexpr qsizetype kLongestLine = 1 << 20; // kept waiting for its end

// Writes through a file beside `path`, which takes its place when all is in and safe.
Result<void> writeNew(const QByteArray& path, const std::function<Result<void>(File&)>& fill) {
    const auto files = makeDiskFileStore();
    const QByteArray beside = path + ".part-" + QByteArray::number(QDateTime::currentMSecsSinceEpoch(), 36);
    auto file = files->create(beside);
    if (!file)
        return file.error();
    Result<void> done = fill(**file);
    if (done)
        done = (*file)->sync();
    if (done)
        done = (*file)->close();
    if (done)
        done = files->rename(beside, path);
    if (!done)
        (void)files->remove(beside);
    return done;
}

} // namespace

Result<void> eachPiece(QueueAccess& queue, const QString& message,
                       const std::function<Result<void>(const QByteArray&)>& take) {
    for (qint64 offset = 0, size = 1; offset < size;) {
        const control::Reply reply = queue.ask({"queue.content", {{u"id"_s, message}, {u"offset"_s, offset}}});
        if (!reply.ok)
            return Error{ErrorCode::Unavailable, reply.error.toUtf8()};
        const QJsonObject value = reply.value.toObject();
        const QByteArray piece = QByteArray::fromBase64(value["content"_L1].toString().toLatin1());
        size = value["size"_L1].toInteger();
        offset += piece.size();
        if (piece.isEmpty() && offset < size)
            return Error{ErrorCode::Corrupt, "the content of message " + message.toLatin1() + " ends too soon"};
        if (auto taken = take(piece); !taken)
            return taken;
    }
    return {};
}

Result<qint64> exportFile(QueueAccess& queue, const QString& message, const QByteArray& path) {
    qint64 size = 0;
    const auto done = writeNew(path, [&](File& file) {
        return eachPiece(queue, message, [&](const QByteArray& piece) {
            size += piece.size();
            return file.write(piece);
        });
    });
    return done ? Result<qint64>(size) : Result<qint64>(done.error());
}

Result<void> MboxWriter::begin(const QString& sender, qint64 unixSeconds) {
    QByteArray who = sender.isEmpty() ? QByteArray("MAILER-DAEMON") : sender.toUtf8();
    who.replace(' ', '_'); // a quoted local part may hold one; readers end the sender there
    const QString date = QLocale::c().toString(QDateTime::fromSecsSinceEpoch(unixSeconds, Qt::UTC), u"ddd MMM dd HH:mm:ss yyyy"_s);
    return m_sink("From " + who + ' ' + date.toLatin1() + '\n');
}

Result<void> MboxWriter::add(const QByteArray& octets) {
    m_rest += octets;
    return lines(false);
}

Result<void> MboxWriter::end() {
    if (auto done = lines(true); !done)
        return done;
    return m_sink("\n");
}

Result<void> MboxWriter::lines(bool isEnd) {
    QByteArray out;
    qsizetype from = 0;
    while (from < m_rest.size()) {
        qsizetype end = m_rest.indexOf('\n', from);
        if (end < 0 && !isEnd && m_rest.size() - from < kLongestLine)
            break;
        const bool isWhole = end >= 0;
        if (!isWhole)
            end = m_rest.size();
        QByteArray line = m_rest.mid(from, end - from);
        from = isWhole ? end + 1 : end;
        qsizetype quotes = 0;
        while (quotes < line.size() && line[quotes] == '>')
            ++quotes;
        if (!m_isBegun && QByteArrayView(line).sliced(quotes).startsWith("From "))
            line.prepend('>');
        m_isBegun = !isWhole && !isEnd;
        if (!m_isBegun && line.endsWith('\r'))
            line.chop(1);
        out += line;
        if (!m_isBegun)
            out += '\n';
    }
    m_rest.remove(0, from);
    return out.isEmpty() ? Result<void>() : m_sink(out);
}

Result<qint64> exportMbox(QueueAccess& queue, const QList<control::QueueRow>& messages, const QByteArray& path) {
    qint64 size = 0;
    const auto done = writeNew(path, [&](File& file) -> Result<void> {
        MboxWriter writer([&](QByteArrayView bytes) {
            size += bytes.size();
            return file.write(bytes);
        });
        for (const control::QueueRow& one : messages) {
            Result<void> written = writer.begin(one.sender, one.createdAt);
            if (written)
                written = eachPiece(queue, one.message, [&writer](const QByteArray& piece) { return writer.add(piece); });
            if (written)
                written = writer.end();
            if (!written)
                return written;
        }
        return {};
    });
    return done ? Result<qint64>(size) : Result<qint64>(done.error());
}

} // namespace postern::ctl
