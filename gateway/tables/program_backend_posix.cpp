// SPDX-License-Identifier: GPL-3.0-or-later
#include "tables/program_backend.h"

#include "base/log.h"
#include "tables/line_dialogue.h"
#include "tables/lookup_rules.h"

#include <QDateTime>
#include <QFile>
#include <QFileInfo>
#include <QProcess>
#include <QSet>
#include <QStandardPaths>

#include <algorithm>
#include <utility>

#include <fcntl.h>
#include <unistd.h>

using namespace Qt::StringLiterals;

namespace postern::tables {
namespace {

constexpr Milliseconds kPatience{8'000};
constexpr int kStartMs = 5'000, kEndMs = 2'000;
constexpr qsizetype kMostErrors = 64 * 1024; // octets of standard error, taken after each question; a program that says more waits
constexpr char kVersion[] = "7.6.0"; // whose protocol this is

constexpr Service kServices[] = {Service::Alias,    Service::Domain,   Service::Credentials, Service::Netaddr,
                                 Service::Userinfo, Service::Source,   Service::Mailaddr,    Service::Addrname,
                                 Service::Mailaddrmap, Service::Relayhost, Service::String,  Service::Regex};

const QStringList kFolders{u"/usr/libexec/smtpd"_s,      u"/usr/libexec/opensmtpd"_s, u"/usr/lib/opensmtpd"_s,
                           u"/usr/local/libexec/smtpd"_s, u"/usr/local/libexec/opensmtpd"_s, u"/usr/lib/smtpd/opensmtpd"_s,
                           u"/opt/homebrew/libexec/opensmtpd"_s};

class ProgramBackend final : public Backend {
  public:
    ProgramBackend(QByteArray program, const BackendSource& source)
        : m_program(std::move(program)), m_table(source.table), m_config(source.path) {}
    ~ProgramBackend() override { close(); }
    ProgramBackend(const ProgramBackend&) = delete;
    ProgramBackend& operator=(const ProgramBackend&) = delete;

    Result<void> open() override {
        close();
        // Not QProcess's own channel, which holds whatever comes, without end.
        int errors[2] = {-1, -1};
        if (::pipe(errors) != 0)
            return Error{ErrorCode::Unavailable, "no descriptor is left to start " + m_program};
        m_errors = errors[0];
        for (const int end : errors)
            ::fcntl(end, F_SETFD, FD_CLOEXEC);
        ::fcntl(m_errors, F_SETFL, O_NONBLOCK);
        m_process = std::make_unique<QProcess>();
        m_process->setProcessChannelMode(QProcess::SeparateChannels);
        m_process->setChildProcessModifier([end = errors[1]] {
            ::setsid(); // our terminal is none of its business
            ::dup2(end, STDERR_FILENO);
        });
        m_process->start(QFile::decodeName(m_program), m_config.isEmpty() ? QStringList() : QStringList{QFile::decodeName(m_config)});
        const bool isStarted = m_process->waitForStarted(kStartMs);
        ::close(errors[1]);
        if (!isStarted)
            return Error{ErrorCode::Denied, "cannot start " + m_program + ": " + harmless(m_process->errorString().toUtf8(), 200)};
        m_dialogue.emplace(*m_process, m_program, kPatience);
        for (const QByteArray& line : {QByteArray("config|smtpd-version|") + kVersion, QByteArray("config|protocol|0.1"),
                                       "config|tablename|" + m_table, QByteArray("config|ready")})
            if (auto sent = m_dialogue->send(line); !sent)
                return gone(sent.error());
        m_services.clear();
        while (true) {
            const auto line = m_dialogue->readLine();
            if (!line)
                return gone(line.error());
            const auto service = parseRegistration(*line);
            if (!service)
                return gone(service.error());
            if (!*service)
                break;
            m_services.insert(**service);
        }
        if (m_services.isEmpty())
            return gone({ErrorCode::Denied, m_program + " serves nothing: it registered no service"});
        return {};
    }

    Result<std::optional<QByteArray>> lookup(Service service, const QByteArray& key) override {
        return ask("lookup", service, key);
    }
    Result<bool> check(Service service, const QByteArray& key) override {
        const auto found = ask("check", service, key);
        return found ? Result<bool>(found->has_value()) : found.error();
    }
    // It takes its turns itself: one element a question.
    Result<QByteArrayList> fetch(Service service) override {
        const auto element = ask("fetch", service, {});
        if (!element)
            return element.error();
        return *element ? QByteArrayList{**element} : QByteArrayList();
    }
    FetchRule fetchRule() const override { return {std::chrono::milliseconds(0), 1}; }

    void close() override {
        m_dialogue.reset();
        if (m_process && m_process->state() != QProcess::NotRunning) {
            m_process->closeWriteChannel();
            if (!m_process->waitForFinished(kEndMs)) {
                m_process->kill();
                m_process->waitForFinished(kEndMs);
            }
        }
        tellErrors();
        m_process.reset();
        if (m_errors >= 0)
            ::close(std::exchange(m_errors, -1));
    }

  private:
    void tellErrors() {
        if (m_errors < 0)
            return;
        QByteArray said(kMostErrors, Qt::Uninitialized);
        said.truncate(std::max<qsizetype>(::read(m_errors, said.data(), size_t(said.size())), 0));
        const QByteArrayList lines = said.split('\n');
        for (const QByteArray& line : lines.mid(0, 20))
            if (!line.trimmed().isEmpty())
                log(LogLevel::Notice, LogArea::Config, "table " + m_table + ": " + m_program + ": " + harmless(line, 300));
    }

    Error gone(Error error) {
        m_process->kill(); // what it says from now on is nothing to us
        m_process->waitForFinished(kEndMs);
        tellErrors();
        m_dialogue.reset();
        return error;
    }

    Result<std::optional<QByteArray>> ask(const QByteArray& operation, Service service, const QByteArray& key) {
        if (!m_services.contains(service))
            return Error{ErrorCode::Unsupported,
                         m_program + " does not serve " + toString(service).toByteArray() + " for table " + m_table};
        if (!m_dialogue)
            return Error{ErrorCode::Unavailable, m_program + " does not run"};
        const QByteArray id = QByteArray::number(++m_lastId, 16).rightJustified(8, '0');
        const qint64 now = QDateTime::currentMSecsSinceEpoch();
        QByteArray line = "table|0.1|" + QByteArray::number(now / 1000) + '.' + QByteArray::number(now % 1000 * 1000).rightJustified(6, '0') +
                          '|' + m_table + '|' + operation + '|' + toString(service).toByteArray() + '|' + id;
        if (operation != "fetch")
            line += '|' + key;
        if (auto sent = m_dialogue->send(line); !sent)
            return gone(sent.error());
        const auto said = m_dialogue->readLine();
        tellErrors();
        if (!said)
            return gone(said.error());
        auto reply = parseTableReply(*said, operation, id);
        if (!reply && reply.error().code == ErrorCode::Protocol)
            return gone({ErrorCode::Unavailable, m_program + ' ' + reply.error().text});
        return reply;
    }

    const QByteArray m_program, m_table, m_config;
    std::unique_ptr<QProcess> m_process;
    int m_errors = -1; // its standard error
    std::optional<LineDialogue> m_dialogue;
    QSet<Service> m_services;
    quint32 m_lastId = 0;
};

} // namespace

QByteArray tableProgram(QByteArrayView word) {
    const QString name = u"table-"_s + QString::fromUtf8(word);
    const bool isPlain = std::all_of(word.begin(), word.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
    });
    if (!isPlain || word.isEmpty())
        return {};
    QString found = QStandardPaths::findExecutable(name, kFolders);
    if (found.isEmpty())
        found = QStandardPaths::findExecutable(name);
    return QFile::encodeName(found);
}

Result<std::optional<Service>> parseRegistration(const QByteArray& line) {
    if (line == "register|ready")
        return std::optional<Service>();
    const QByteArray name = line.startsWith("register|") ? line.mid(9) : QByteArray();
    for (const Service service : kServices)
        if (toString(service) == name)
            return std::optional(service);
    return Error{ErrorCode::Denied, "the program of the table says \"" + harmless(line, 100) + "\" where it should register services"};
}

Result<std::optional<QByteArray>> parseTableReply(const QByteArray& line, const QByteArray& operation, const QByteArray& id) {
    const Error broken{ErrorCode::Protocol, "answers what is no reply to the question: " + harmless(line, 100)};
    const auto field = [&line](int n) { // the n-th, and from the fourth on all the rest
        qsizetype from = 0;
        for (int i = 0; i < n; ++i) {
            from = line.indexOf('|', from) + 1;
            if (from == 0)
                return QByteArray();
        }
        const qsizetype end = n == 3 ? -1 : line.indexOf('|', from);
        return end < 0 ? line.mid(from) : line.mid(from, end - from);
    };
    const bool isKind = field(0) == operation + "-result" || (operation == "fetch" && field(0) == "lookup-result");
    if (!isKind || field(1) != id)
        return broken;
    if (field(2) == "not-found")
        return std::optional<QByteArray>();
    if (field(2) == "error")
        return Error{ErrorCode::Unavailable, "the program of the table has trouble: " + harmless(field(3), 200)};
    if (field(2) != "found")
        return broken;
    if (operation == "check")
        return std::optional(QByteArray());
    return field(3).isEmpty() ? Result<std::optional<QByteArray>>(broken) : std::optional(field(3));
}

MadeBackend makeProgramBackend(QByteArrayView word, const BackendSource& source) {
    const QByteArray program = tableProgram(word);
    return {[program, source] { return std::make_unique<ProgramBackend>(program, source); }, {}, false};
}

} // namespace postern::tables
