// SPDX-License-Identifier: GPL-3.0-or-later
#include "oracle/smtpd_checker.h"
#include "support/places.h"

#include <QFile>
#include <QFileInfo>
#include <QProcess>
#include <QRegularExpression>

#include <algorithm>
#include <array>

using namespace Qt::StringLiterals;

namespace postern::test {
namespace {

// Messages without a line that are about the text.
constexpr auto kGrammar = std::to_array<QByteArrayView>({
    "invalid listen option: ",
    "already defined",
    "pki name not found: ",
    "ca name not found: ",
    "no rules, nothing to do",
});
// Messages from after the whole text was read and found good.
constexpr auto kAfterwards = std::to_array<QByteArrayView>({"load_pki_tree: ", "crypto_setup:"});
// Messages with a line that are about the machine.
constexpr auto kEnvironment = std::to_array<QByteArrayView>({
    "failed to include file ",
    "invalid configuration file ",
});

constexpr auto kFollowing = std::to_array<QByteArrayView>({"no such dispatcher: ", "no rules, nothing to do"});

template <class List> bool hasOneOf(const QByteArray& text, const List& list) {
    return std::any_of(list.begin(), list.end(), [&text](QByteArrayView part) { return text.contains(part); });
}

// Which names are services is the machine's affair; that digits in quotes are none is the grammar's.
bool isUnknownService(const QByteArray& message) {
    static const QByteArray kStart = "invalid port: ";
    return message.startsWith(kStart) && std::any_of(message.begin() + kStart.size(), message.end(), [](char c) {
               return (c < '0' || c > '9') && c != '-';
           });
}

} // namespace

// A table in a database may be used for anything but regular expressions.
SmtpdChecker::SmtpdChecker()
    : m_program(POSTERN_SOURCE_DIR "/build/peers/opensmtpd/usr/sbin/smtpd"), m_database(folder() + "/table.db") {
    QProcess::execute(u"perl"_s, {u"-MDB_File"_s, u"-e"_s, u"tie my %h, 'DB_File', $ARGV[0], O_RDWR|O_CREAT, 0644, $DB_HASH"_s,
                                  QFile::decodeName(m_database)});
}

bool SmtpdChecker::isThere() const {
    return QFileInfo(QFile::decodeName(m_program)).isExecutable() && m_folder.isValid();
}

QByteArray SmtpdChecker::folder() const {
    return QFile::encodeName(m_folder.path());
}

SmtpdVerdict SmtpdChecker::check(const QByteArray& text) {
    const QString path = m_folder.filePath(u"smtpd.conf"_s);
    QFile file(path);
    if (!file.open(QIODevice::WriteOnly) || file.write(text) != text.size() || !file.flush())
        return {};
    QProcess smtpd;
    smtpd.setProcessChannelMode(QProcess::MergedChannels);
    smtpd.setStandardInputFile(QProcess::nullDevice());
    smtpd.start(QFile::decodeName(m_program), {u"-n"_s, u"-f"_s, path});
    if (!smtpd.waitForFinished() || smtpd.exitStatus() != QProcess::NormalExit)
        return {SmtpdSays::Environment, 0, "it did not end"};
    return classify(smtpd.exitCode(), smtpd.readAll(), QFile::encodeName(path));
}

// What follows from a table whose file is missing is the machine's affair too: uses of the table, names that were not
// defined for that, rules that are not there.
SmtpdVerdict SmtpdChecker::classify(int status, const QByteArray& messages, const QByteArray& file) {
    static const QByteArray kMissing = "invalid configuration file ";
    SmtpdVerdict verdict{status == 0 || hasOneOf(messages, kAfterwards) ? SmtpdSays::Good : SmtpdSays::Environment, 0, messages};
    QByteArrayList missing; // tables
    for (const QByteArray& line : messages.split('\n')) {
        const qsizetype colon = line.startsWith(file + ':') ? line.indexOf(':', file.size() + 1) : -1;
        const QByteArray message = colon < 0 ? line : line.sliced(colon + 1).trimmed();
        if (message.startsWith(kMissing))
            missing.append('"' + message.sliced(message.lastIndexOf(' ') + 1) + '"');
        const bool isGrammar = colon < 0 ? hasOneOf(message, kGrammar)
                                         : !hasOneOf(message, kEnvironment) && !isUnknownService(message);
        const bool follows = !missing.isEmpty() && (hasOneOf(message, missing) || hasOneOf(message, kFollowing));
        if (!isGrammar || follows)
            continue;
        verdict.says = SmtpdSays::Refused;
        if (colon > 0)
            verdict.line = line.mid(file.size() + 1, colon - file.size() - 1).toInt();
        return verdict;
    }
    return verdict;
}

QByteArray SmtpdChecker::written(const char* name, const QByteArray& text) {
    QFile file(m_folder.filePath(QString::fromLatin1(name)));
    if (file.open(QIODevice::WriteOnly))
        file.write(text);
    return QFile::encodeName(file.fileName());
}

// Takes away the reason for one message about the machine; false: it is about something else.
bool SmtpdChecker::makeFit(QByteArray& text, const QByteArray& message) {
    static const QRegularExpression kTable(u"invalid configuration file (\\S*) for table (\\S+)"_s);
    static const QRegularExpression kUse(u"table \"([^\"<]+)\" may not be used"_s);
    static const QRegularExpression kBackend(u"backend \"([^\"]+)\" does not exist"_s);
    static const QRegularExpression kInclude(u"failed to include file (\\S+)"_s);
    static const QRegularExpression kInterface(u"invalid virtual ip or interface: (\\S+)"_s);
    static const QRegularExpression kService(u"invalid port: ([a-z]\\S*)"_s);
    const QByteArray list = written("list", "a\nb\n"), empty = written("empty", "");
    const QString said = QString::fromUtf8(message);
    const auto capture = [&said](const QRegularExpression& expression, int part) {
        return expression.match(said).captured(part).toUtf8();
    };
    const QByteArray before = text;
    const QByteArray table = capture(kTable, 2);
    if (!table.isEmpty()) {
        const QByteArray path = capture(kTable, 1);
        for (const char* backend : {"file:", "static:", "db:", ""})
            text.replace(backend + path, "db:" + m_database);
        m_madeTables.append(table);
    } else if (const QByteArray misused = capture(kUse, 1); m_madeTables.contains(misused)) { // not for regex
        QByteArrayList lines = text.split('\n');
        for (QByteArray& line : lines) {
            if (line.contains("table") && line.contains(misused) && line.contains(m_database))
                line.replace("db:" + m_database, "file:" + list);
        }
        text = lines.join('\n');
    } else if (const QByteArray backend = capture(kBackend, 1); !backend.isEmpty()) {
        text.replace(backend + ":/", "db:/");
    } else if (const QByteArray included = capture(kInclude, 1); !included.isEmpty()) {
        text.replace('"' + included + '"', '"' + empty + '"');
    } else if (const QByteArray interface = capture(kInterface, 1); !interface.isEmpty()) {
        const QRegularExpression word(u"(?<![\\w.-])"_s + QRegularExpression::escape(QString::fromUtf8(interface)) +
                                      u"(?![\\w.-])"_s);
        text = QString::fromLatin1(text).replace(word, u"lo"_s).toLatin1();
    } else if (const QByteArray service = capture(kService, 1); !service.isEmpty()) {
        text.replace("port " + service, "port smtp");
    }
    return text != before;
}

SmtpdVerdict SmtpdChecker::checkElsewhere(QByteArray text) {
    constexpr int kMostRepairs = 60;
    m_madeTables.clear();
    for (int i = 0; i < kMostRepairs; ++i) {
        const SmtpdVerdict verdict = check(text);
        if (verdict.says == SmtpdSays::Good)
            return verdict;
        bool isRepaired = false;
        for (const QByteArray& line : verdict.messages.split('\n'))
            isRepaired = isRepaired || makeFit(text, line);
        if (!isRepaired)
            return verdict;
    }
    return {SmtpdSays::Environment, 0, "it lacks too much"};
}

} // namespace postern::test
