// SPDX-License-Identifier: GPL-3.0-or-later
//
// One SMTP reply: code, enhanced code, text lines. The server session prints them, the client session parses them.
// Thread: values. Spec: RFC 5321 §4.2, RFC 2034/3463 (enhanced codes).
#pragma once

#include <QByteArray>
#include <QByteArrayList>

namespace postern::smtp {

struct EnhancedCode {
    quint8 klass = 0; // 2, 4, 5; 0 = none given
    quint16 subject = 0;
    quint16 detail = 0;
    bool isValid() const { return klass != 0; }
    QByteArray text() const; // "5.7.1"
    friend bool operator==(const EnhancedCode&, const EnhancedCode&) = default;
};

struct Reply {
    int code = 0;
    EnhancedCode enhanced;
    QByteArrayList lines; // text without code, enhanced code and CR LF; control characters never get in

    bool isPositive() const { return code >= 200 && code < 300; }
    bool isTemporary() const { return code >= 400 && code < 500; }
    bool isPermanent() const { return code >= 500 && code < 600; }
    QByteArray wire() const;   // with CR LF, multi-line if there are several lines
    QByteArray oneLine() const; // "550 5.1.1 no such user", for logs, bounces and the queue
};

// Text fit for a reply: one line of printable ASCII, at most a reply line long. Line ends become a space, other controls go.
QByteArray replyText(QByteArrayView raw);

Reply makeReply(int code, EnhancedCode enhanced, QByteArray text);

} // namespace postern::smtp
