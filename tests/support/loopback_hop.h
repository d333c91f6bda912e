// SPDX-License-Identifier: GPL-3.0-or-later
//
// A real SMTP server on 127.0.0.1 and any free port, on the test's own event loop: our ServerSession over our Stream.
//
// Takes every message of whoever may send, and keeps it. For tests that want true sockets and true TLS at the far end.
#pragma once

#include "smtp/server_session.h"
#include "tls/stream.h"

#include <QByteArrayList>
#include <QTcpServer>

#include <memory>
#include <vector>

namespace postern::test {

class LoopbackHop final : public QTcpServer {
  public:
    struct Offer {
        tls::IdentityPtr identity = {};                // null: no TLS
        bool wrapped = false;                          // TLS from the first octet
        smtp::AuthMode auth = smtp::AuthMode::Off;
        QByteArray user = {}, password = {};           // the one login that works
    };
    explicit LoopbackHop(Offer offer);
    ~LoopbackHop() override;

    quint16 port() const { return serverPort(); }

    struct Mail {
        smtp::Transaction envelope;
        QByteArray content;
        bool tls = false;
        QByteArray user;
    };
    std::vector<Mail> mails;
    int connections = 0;
    int logins = 0; // asked for

  protected:
    void incomingConnection(qintptr descriptor) override;

  private:
    class Session;
    Offer m_offer;
    std::vector<std::unique_ptr<Session>> m_sessions;
};

} // namespace postern::test
