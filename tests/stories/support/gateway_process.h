// SPDX-License-Identifier: GPL-3.0-or-later
//
// A real gateway for a story: posternctl as a process, in a folder of its own, on ports the system chose; or the window,
// with the same folder as its profile.
//
// Thread: the test's. Everything waits with a deadline and returns what it saw; the test decides.
#pragma once

#include <QByteArray>
#include <QByteArrayList>
#include <QJsonArray>
#include <QJsonObject>
#include <QProcess>
#include <QTemporaryDir>

#include <memory>

// QVERIFY2 and its waiting sister for messages that are bytes. Messages cost much here (a whole log, a program run), so the
// first is asked for its message only when it fails; Qt's own always is.
#define STORY_VERIFY(condition, message)                                                                               \
    do {                                                                                                               \
        if (!(condition)) {                                                                                            \
            QTest::qVerify(false, #condition, QByteArray(message).constData(), __FILE__, __LINE__);                    \
            return;                                                                                                    \
        }                                                                                                              \
    } while (false)
#define STORY_TRY(condition, message, timeoutMs)                                                                       \
    QTRY_VERIFY2_WITH_TIMEOUT(condition, QByteArray(message).constData(), timeoutMs)

namespace postern::test {

struct Ran {
    int exit = -1;
    QByteArray out, err;
    QJsonValue json() const; // out as one JSON value
};

// A program to its end. Missing program: exit -1 and a text in err.
Ran run(const QString& program, const QStringList& arguments, const QByteArray& input = {}, int seconds = 60);
Ran posternctl(const QStringList& arguments);
QProcessEnvironment withoutAScreen(); // for the window

class GatewayProcess {
  public:
    // state: the queue's folder inside folder(); "queue" makes that a profile.
    explicit GatewayProcess(const QByteArray& config, const QString& state = QStringLiteral("state"));
    ~GatewayProcess(); // kills

    QString folder() const { return m_folder.path(); }
    QString path(const QString& name) const { return m_folder.filePath(name); }
    void write(const QString& name, const QByteArray& bytes) const; // mode 0600
    void setConfig(const QByteArray& config) const { write(QStringLiteral("smtpd.conf"), config); }

    bool start(int seconds = 20);       // true once it said ready
    // The program with the window, without a screen, on the profile: true once its gateway answers.
    bool startWindow(const QStringList& arguments = {}, int seconds = 20);
    void kill();                        // SIGKILL, and gone
    int stop(int seconds = 20);         // SIGTERM; exit status, -1 = did not end in time
    void terminate() { m_process->terminate(); }
    bool waitGone(int seconds);
    bool isRunning() const { return m_process && m_process->state() == QProcess::Running; }
    int exitStatus() const { return m_process->exitCode(); }
    qint64 pid() const { return m_process->processId(); }

    quint16 port(int index = 0) const { return m_ports.value(index); } // in the order of "ready"
    QByteArray log() const;             // its standard error so far
    Ran ctl(const QStringList& arguments) const; // posternctl on this gateway
    QJsonArray queue() const;           // rows of `queue list --json`
    // Polls until the queue has `n` rows (in `state` if given).
    bool waitQueue(int n, const QString& state = {}, int seconds = 20) const;

  private:
    QTemporaryDir m_folder;
    QString m_state;
    std::unique_ptr<QProcess> m_process;
    QList<quint16> m_ports;
};

} // namespace postern::test
