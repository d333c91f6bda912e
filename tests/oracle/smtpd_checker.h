// SPDX-License-Identifier: GPL-3.0-or-later
//
// The judge we did not write: `smtpd -n` of OpenSMTPD 6.8.0p2, unpacked beside the build (./dev does it), never started.
//
// Its messages fall into two sorts. Grammar: the text is at fault, whatever the machine. Environment: a file, interface,
// service or program that this machine lacks; it ends the reading, so nothing is known about the rest of the text.
// Thread: one. Failure: isThere() says whether the program can be run.
#pragma once

#include <QByteArrayList>
#include <QTemporaryDir>

namespace postern::test {

enum class SmtpdSays : quint8 { Good, Refused, Environment };

struct SmtpdVerdict {
    SmtpdSays says = SmtpdSays::Environment;
    int line = 0;        // of the first fault of grammar; 0 = it named none
    QByteArray messages; // all, for people
};

class SmtpdChecker {
  public:
    SmtpdChecker();
    bool isThere() const;
    QByteArray program() const { return m_program; }
    QByteArray folder() const; // for files that configurations name
    SmtpdVerdict check(const QByteArray& text);
    // The same for a text from elsewhere: what it lacks on this machine is replaced by something that is here, line by line,
    // until the text alone decides.
    SmtpdVerdict checkElsewhere(QByteArray text);

    static SmtpdVerdict classify(int status, const QByteArray& messages, const QByteArray& file);

  private:
    QByteArray written(const char* name, const QByteArray& text);
    bool makeFit(QByteArray& text, const QByteArray& message);

    QTemporaryDir m_folder;
    QByteArray m_program;
    QByteArray m_database; // a table that is there
    QByteArrayList m_madeTables; // that stand in for files
};

} // namespace postern::test
