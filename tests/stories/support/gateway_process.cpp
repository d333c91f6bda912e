// SPDX-License-Identifier: GPL-3.0-or-later
#include "stories/support/gateway_process.h"
#include "support/places.h"

#include <QDeadlineTimer>
#include <QFile>
#include <QJsonDocument>
#include <QRegularExpression>
#include <QThread>

using namespace Qt::StringLiterals;

namespace postern::test {

QJsonValue Ran::json() const {
    const QJsonDocument document = QJsonDocument::fromJson(out);
    return document.isArray() ? QJsonValue(document.array()) : QJsonValue(document.object());
}

Ran run(const QString& program, const QStringList& arguments, const QByteArray& input, int seconds) {
    QProcess process;
    process.start(program, arguments);
    if (!process.waitForStarted(5000))
        return {-1, {}, "cannot start " + program.toUtf8()};
    process.write(input);
    process.closeWriteChannel();
    if (!process.waitForFinished(seconds * 1000)) {
        process.kill();
        process.waitForFinished(5000);
        return {-1, process.readAllStandardOutput(), "did not end in time: " + process.readAllStandardError()};
    }
    return {process.exitCode(), process.readAllStandardOutput(), process.readAllStandardError()};
}

Ran posternctl(const QStringList& arguments) {
    return run(QStringLiteral(POSTERN_BIN_DIR "/posternctl"), arguments);
}

QProcessEnvironment withoutAScreen() {
    QProcessEnvironment environment = QProcessEnvironment::systemEnvironment();
    environment.insert(u"QT_QPA_PLATFORM"_s, u"offscreen"_s);
    return environment;
}

GatewayProcess::GatewayProcess(const QByteArray& config, const QString& state) : m_state(state) {
    setConfig(config);
}

GatewayProcess::~GatewayProcess() {
    kill();
}

void GatewayProcess::write(const QString& name, const QByteArray& bytes) const {
    QFile file(path(name));
    if (!file.open(QIODevice::WriteOnly) || file.write(bytes) != bytes.size())
        qFatal("cannot write %s", qPrintable(file.fileName()));
    file.setPermissions(QFile::ReadOwner | QFile::WriteOwner);
}

bool GatewayProcess::start(int seconds) {
    m_ports.clear();
    m_process = std::make_unique<QProcess>();
    m_process->setStandardErrorFile(path(u"log"_s), QIODevice::Append);
    m_process->start(QStringLiteral(POSTERN_BIN_DIR "/posternctl"),
                     {u"run"_s, u"-f"_s, path(u"smtpd.conf"_s), u"--state"_s, path(m_state)});
    QByteArray out;
    const QDeadlineTimer deadline(seconds * 1000);
    while (!out.contains('\n') && !deadline.hasExpired()) {
        if (!m_process->waitForReadyRead(200) && m_process->state() != QProcess::Running)
            break;
        out += m_process->readAllStandardOutput();
    }
    out += m_process->readAllStandardOutput();
    if (!out.startsWith("ready"))
        return false;
    static const QRegularExpression port(u":(\\d+)(?=\\s|$)"_s);
    for (auto at = port.globalMatch(QString::fromLatin1(out)); at.hasNext();)
        m_ports.append(at.next().captured(1).toUShort());
    return true;
}

bool GatewayProcess::startWindow(const QStringList& arguments, int seconds) {
    m_ports.clear();
    m_process = std::make_unique<QProcess>();
    m_process->setProcessEnvironment(withoutAScreen());
    m_process->setStandardErrorFile(path(u"log"_s), QIODevice::Append);
    m_process->start(QStringLiteral(POSTERN_BIN_DIR "/postern"), QStringList{u"--profile"_s, folder()} + arguments);
    if (!m_process->waitForStarted(5000))
        return false;
    const QDeadlineTimer deadline(seconds * 1000);
    while (isRunning() && !deadline.hasExpired()) {
        const QJsonObject status = ctl({u"status"_s, u"--json"_s}).json().toObject();
        if (status["pid"_L1].toInteger() == pid()) {
            for (const auto& listener : status["listeners"_L1].toArray())
                m_ports.append(quint16(listener.toObject()["port"_L1].toInt()));
            return true;
        }
        m_process->waitForFinished(20); // polling another process; keeps isRunning() true to the facts
    }
    return false;
}

void GatewayProcess::kill() {
    if (!m_process)
        return;
    m_process->kill();
    m_process->waitForFinished(10'000);
}

bool GatewayProcess::waitGone(int seconds) {
    return m_process->state() == QProcess::NotRunning || m_process->waitForFinished(seconds * 1000);
}

int GatewayProcess::stop(int seconds) {
    m_process->terminate();
    return waitGone(seconds) ? m_process->exitCode() : -1;
}

QByteArray GatewayProcess::log() const {
    QFile file(path(u"log"_s));
    return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
}

Ran GatewayProcess::ctl(const QStringList& arguments) const {
    return posternctl(QStringList{u"--state"_s, path(m_state), u"-f"_s, path(u"smtpd.conf"_s)} + arguments);
}

QJsonArray GatewayProcess::queue() const {
    return ctl({u"queue"_s, u"list"_s, u"--json"_s}).json().toArray();
}

bool GatewayProcess::waitQueue(int n, const QString& state, int seconds) const {
    const QDeadlineTimer deadline(seconds * 1000);
    while (true) {
        int seen = 0;
        for (const auto& row : queue())
            seen += state.isEmpty() || row.toObject()["state"_L1].toString() == state ? 1 : 0;
        if (seen == n)
            return true;
        if (deadline.hasExpired())
            return false;
        QThread::msleep(20); // polling another process, not waiting for ourselves
    }
}

} // namespace postern::test
