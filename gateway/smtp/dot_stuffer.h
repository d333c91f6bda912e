// SPDX-License-Identifier: GPL-3.0-or-later
//
// Message content on its way into DATA: a dot before every line that begins with one, and the end of data.
//
// Works on pieces cut anywhere. Content is in the stored form: CR LF line ends only, so nothing in it can end the data
// early; what does not end in CR LF gets one. Thread: a value. Spec: RFC 5321 §4.5.2, §4.1.1.4.
#pragma once

#include <QByteArray>

namespace postern::smtp {

class DotStuffer {
  public:
    QByteArray piece(QByteArrayView bytes);
    QByteArray end() const; // ".CRLF", with a CR LF before it where the content lacks one

  private:
    char m_last[2] = {'\r', '\n'}; // the last two octets that went by: a message begins at the start of a line
};

} // namespace postern::smtp
