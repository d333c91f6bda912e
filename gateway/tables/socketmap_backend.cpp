// SPDX-License-Identifier: GPL-3.0-or-later
#include "tables/socketmap_backend.h"

#include "base/log.h"
#include "tables/line_dialogue.h"
#include "tables/lookup_rules.h"

#include <QFile>
#include <QLocalSocket>

namespace postern::tables {
namespace {

constexpr Milliseconds kPatience{8'000};

class SocketmapBackend final : public Backend {
  public:
    explicit SocketmapBackend(const BackendSource& source) : m_table(source.table), m_path(source.path) {}

    Result<void> open() override {
        close();
        m_socket = std::make_unique<QLocalSocket>();
        m_socket->connectToServer(QFile::decodeName(m_path));
        if (!m_socket->waitForConnected(int(kPatience.count())))
            return Error{ErrorCode::Unavailable, "cannot reach the socketmap server at " + m_path + ": " +
                                                     harmless(m_socket->errorString().toUtf8(), 200)};
        m_dialogue.emplace(*m_socket, "the socketmap server at " + m_path, kPatience);
        return {};
    }

    Result<std::optional<QByteArray>> lookup(Service service, const QByteArray& key) override {
        if (isMatchService(service))
            return unsupported();
        if (auto sent = m_dialogue->send(m_table + ' ' + key); !sent)
            return sent.error();
        const auto line = m_dialogue->readLine();
        return line ? parseSocketmapReply(*line) : Result<std::optional<QByteArray>>(line.error());
    }

    Result<bool> check(Service, const QByteArray&) override { return unsupported(); }
    Result<QByteArrayList> fetch(Service) override { return unsupported(); }

    void close() override {
        m_dialogue.reset();
        m_socket.reset();
    }

  private:
    static Error unsupported() {
        return {ErrorCode::Unsupported, "a socketmap server gives the value of a key; it has no lists, so no rule can match by it"};
    }

    const QByteArray m_table, m_path;
    std::unique_ptr<QLocalSocket> m_socket;
    std::optional<LineDialogue> m_dialogue;
};

} // namespace

Result<std::optional<QByteArray>> parseSocketmapReply(const QByteArray& line) {
    const qsizetype blank = line.indexOf(' ');
    const QByteArray word = line.first(std::max<qsizetype>(blank, 0));
    const QByteArray rest = line.mid(blank + 1).trimmed();
    const QByteArray words = harmless(rest, 200);
    if (word == "OK")
        return std::optional(rest);
    if (word == "NOTFOUND")
        return std::optional<QByteArray>();
    if (word == "TEMP" || word == "TIMEOUT")
        return Error{ErrorCode::Unavailable, "the socketmap server has trouble: " + words};
    if (word == "PERM")
        return Error{ErrorCode::Corrupt, "the socketmap server refuses the question: " + words};
    return Error{ErrorCode::Unavailable, "the socketmap server answers what is no reply: " + harmless(line, 100)};
}

MadeBackend makeSocketmapBackend(const BackendSource& source) {
    return {[source] { return std::make_unique<SocketmapBackend>(source); }, {}, false};
}

} // namespace postern::tables
