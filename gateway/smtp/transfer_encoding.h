// SPDX-License-Identifier: GPL-3.0-or-later
//
// Any octets as lines of ASCII, in pieces: quoted-printable for text, base64 for the rest.
//
// Text has CR LF line ends, and they stay line ends. Every line that comes out is at most 76 octets and ends in CR LF,
// except that what ends without a line end stays so.
// Thread: values. Spec: RFC 2045 §6.7, §6.8.
#pragma once

#include <QByteArray>

namespace postern::smtp {

class QuotedPrintable {
  public:
    void feed(QByteArrayView in, QByteArray& out);
    void finish(QByteArray& out);

  private:
    void put(char c, bool plain, QByteArray& out);
    void giveHeld(bool lineEnds, QByteArray& out);

    int m_length = 0;  // octets of the line under way
    char m_held = 0;   // a blank: plain unless the line ends behind it
    bool m_cr = false; // behind a CR
};

class Base64Lines {
  public:
    void feed(QByteArrayView in, QByteArray& out);
    void finish(QByteArray& out);

  private:
    void line(QByteArrayView octets, QByteArray& out);

    QByteArray m_rest; // less than one line
    bool m_begun = false;
};

} // namespace postern::smtp
