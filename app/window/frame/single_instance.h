// SPDX-License-Identifier: GPL-3.0-or-later
//
// One window per user and profile: the first listens on a local socket, a later start hands over its arguments and ends
// with exit code 0; the first then shows and raises its window.
//
// A socket that a crash left behind does not block the next start. Other users cannot connect.
// Thread: the GUI thread. Failure: if no socket can be made, this start counts as the first (better two than none).
#pragma once

#include <QLocalServer>
#include <QStringList>

namespace postern::window {

class SingleInstance final : public QObject {
    Q_OBJECT
  public:
    explicit SingleInstance(const QString& profileFolder, QObject* parent = nullptr);

    // True: this is the first. False: the arguments reached the first, end now.
    bool claim(const QStringList& arguments);
    void release(); // this start is over; the next one is the first
    const QString& socketName() const { return m_name; }

  Q_SIGNALS:
    void startedAgain(const QStringList& arguments);

  private:
    bool handOver(const QStringList& arguments);
    void takeCall();

    QString m_name;
    QLocalServer m_server;
};

} // namespace postern::window
