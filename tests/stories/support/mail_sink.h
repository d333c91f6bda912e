// SPDX-License-Identifier: GPL-3.0-or-later
//
// A next hop for stories: takes mail on a port, in threads of its own, keeps the exact octets, misbehaves on request.
//
// Thread: made and asked on the test's; serves on its own, blocking, one thread a connection.
#pragma once

#include <QByteArray>
#include <QByteArrayList>
#include <QList>

#include <atomic>
#include <memory>

namespace postern::test {

struct SunkMail {
    QByteArray helo, from;
    QByteArrayList rcpts;
    QByteArray content; // unstuffed, CR LF
    int connection = 0; // it came over the n-th, from 0
};

class MailSink {
  public:
    MailSink();                                                // on loopback, a port that the system chooses
    explicit MailSink(const QByteArray& address, quint16 port); // "192.0.2.25", 25
    ~MailSink();

    quint16 port() const;
    QList<SunkMail> mails() const;
    int connections() const; // accepted so far
    bool waitFor(int n, int seconds = 30) const; // at least n mails
    void setDown(bool down);                     // closes the port, or opens the same one again
    // A reply in place of the sink's own to every command that starts with `verb` ("RCPT", ".": after the content); "" = own.
    void answer(const QByteArray& verb, const QByteArray& reply);

  private:
    struct Impl;
    std::unique_ptr<Impl> m;
};

} // namespace postern::test
