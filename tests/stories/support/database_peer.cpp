// SPDX-License-Identifier: GPL-3.0-or-later
#include "stories/support/database_peer.h"
#include "support/places.h"

#include <QDeadlineTimer>
#include <QDir>
#include <QFile>
#include <QHostAddress>
#include <QSqlDatabase>
#include <QSqlError>
#include <QSqlQuery>
#include <QStandardPaths>
#include <QTcpServer>
#include <QTcpSocket>
#include <QThread>

#include <csignal>

#include <grp.h>
#include <unistd.h>

using namespace Qt::StringLiterals;

namespace postern::test {
namespace {

constexpr uid_t kNobody = 65534;
constexpr int kPatienceMs = 60'000;

QString peers(const QString& inside) {
    return QStringLiteral(POSTERN_SOURCE_DIR "/build/peers/") + inside;
}

// Where PostgreSQL's programs may be: their folder has the version in its name.
QStringList postgresFolders(const QString& name) {
    QStringList roots;
    for (const QString& package : QDir(peers({})).entryList({u"postgresql-*"_s}, QDir::Dirs))
        roots.append(peers(package));
    roots.append(QString());
    QStringList places;
    for (const QString& root : roots) {
        const QDir versions(root + u"/usr/lib/postgresql"_s);
        for (const QString& version : versions.entryList(QDir::Dirs | QDir::NoDotAndDotDot))
            places.append(versions.filePath(version) + u"/bin/"_s + name);
    }
    return places + QStringList{name};
}

} // namespace

DatabasePeer::DatabasePeer(Program program) : m_program(program) {
    m_process.setProcessChannelMode(QProcess::MergedChannels);
}

DatabasePeer::~DatabasePeer() {
    resume();
    kill();
}

// The unpacked one, or where the system has it.
QString DatabasePeer::program(const QString& package, const QString& inside, const QStringList& elsewhere) {
    QStringList places{peers(package + u'/' + inside)};
    for (const QString& one : elsewhere)
        places.append(one.startsWith(u'/') ? one : QStandardPaths::findExecutable(one));
    for (const QString& one : places)
        if (QFile::exists(one))
            return one;
    m_log += "there is no " + inside.toUtf8() + "; ./dev test fetches it\n";
    return {};
}

// Root becomes nobody where the program wants it. Each leads a group of its own, so that its children can be killed with it.
void DatabasePeer::asWhoeverItMay(QProcess& process) const {
    const bool mayNotBeRoot = m_program == Program::Postgres && ::geteuid() == 0;
    process.setChildProcessModifier([mayNotBeRoot] {
        ::setpgid(0, 0);
        if (mayNotBeRoot && (::setgroups(0, nullptr) != 0 || ::setgid(kNobody) != 0 || ::setuid(kNobody) != 0))
            ::_exit(126);
    });
}

bool DatabasePeer::finish(const QString& name, const QStringList& arguments, const QByteArray& input) {
    QProcess process;
    asWhoeverItMay(process);
    process.setProcessChannelMode(QProcess::MergedChannels);
    process.start(name, arguments);
    process.write(input);
    process.closeWriteChannel();
    const bool isDone = process.waitForFinished(kPatienceMs) && process.exitStatus() == QProcess::NormalExit && process.exitCode() == 0;
    m_log += process.readAll();
    return isDone;
}

bool DatabasePeer::launch(const QString& name, const QStringList& arguments) {
    if (name.isEmpty())
        return false;
    asWhoeverItMay(m_process);
    m_process.start(name, arguments);
    const QDeadlineTimer deadline(kPatienceMs);
    while (!answers()) {
        if (deadline.hasExpired() || m_process.waitForFinished(50)) {
            m_log += m_process.readAll();
            return false;
        }
    }
    return true;
}

void DatabasePeer::useCertificate(const QByteArray& certFile, const QByteArray& keyFile) {
    m_certFile = certFile;
    m_keyFile = keyFile;
}

bool DatabasePeer::start() {
    return prepare() && startAgain();
}

bool DatabasePeer::prepare() {
    switch (m_program) {
    case Program::Mariadb:
        return QDir(folder()).mkdir(u"data"_s);
    case Program::Postgres: {
        QFile::setPermissions(folder(), QFile::permissions(folder()) | QFile::ExeGroup | QFile::ExeOther);
        const QString place = m_folder.filePath(u"pg"_s);
        if (!QDir(folder()).mkdir(u"pg"_s) ||
            (::geteuid() == 0 && ::chown(QFile::encodeName(place).constData(), kNobody, kNobody) != 0))
            return false;
        const QString initdb = program(u"postgresql"_s, u"initdb"_s, postgresFolders(u"initdb"_s));
        return !initdb.isEmpty() && finish(initdb, {u"-D"_s, place + u"/data"_s, u"-A"_s, u"trust"_s, u"-U"_s, u"mail"_s,
                                                    u"--no-locale"_s, u"-E"_s, u"UTF8"_s, u"--no-sync"_s});
    }
    case Program::Slapd: {
        QTcpServer probe, other;
        probe.listen(QHostAddress::LocalHost);
        other.listen(QHostAddress::LocalHost);
        m_port = probe.serverPort();
        m_tlsPort = m_certFile.isEmpty() ? 0 : other.serverPort();
        const QString core = QFile::exists(peers(u"slapd/etc/ldap/schema/core.schema"_s)) ? peers(u"slapd/etc/ldap/schema"_s)
                             : QFile::exists(u"/etc/openldap/schema/core.schema"_s)        ? u"/etc/openldap/schema"_s
                                                                                           : u"/etc/ldap/schema"_s;
        const QString modules = QFile::exists(peers(u"slapd/usr/lib/ldap/back_mdb.la"_s)) ? peers(u"slapd/usr/lib/ldap"_s) : QString();
        QByteArray text;
        for (const char* schema : {"core", "cosine", "nis", "inetorgperson"})
            text += "include " + QFile::encodeName(core) + '/' + schema + ".schema\n";
        if (!modules.isEmpty())
            text += "modulepath " + QFile::encodeName(modules) + "\nmoduleload back_mdb\n";
        if (!m_certFile.isEmpty())
            text += "TLSCertificateFile " + m_certFile + "\nTLSCertificateKeyFile " + m_keyFile + '\n';
        text += "pidfile " + QFile::encodeName(m_folder.filePath(u"pid"_s)) + "\ndatabase mdb\nmaxsize 16777216\n"
                "suffix \"dc=office,dc=example\"\nrootdn \"cn=postern,dc=office,dc=example\"\nrootpw s3cret\ndbnosync\n"
                "directory " + QFile::encodeName(m_folder.filePath(u"data"_s)) + "\n";
        QFile file(m_folder.filePath(u"slapd.conf"_s));
        return QDir(folder()).mkdir(u"data"_s) && file.open(QIODevice::WriteOnly) && file.write(text) == text.size();
    }
    }
    return false;
}

bool DatabasePeer::startAgain() {
    switch (m_program) {
    case Program::Mariadb: {
        const QString package = peers(u"mariadb-server-core/usr"_s);
        QStringList arguments{u"--no-defaults"_s, u"--datadir="_s + m_folder.filePath(u"data"_s), u"--socket="_s + m_folder.filePath(u"sock"_s),
                              u"--pid-file="_s + m_folder.filePath(u"pid"_s), u"--skip-networking"_s, u"--skip-grant-tables"_s,
                              u"--innodb-buffer-pool-size=8M"_s, u"--innodb-log-file-size=4M"_s, u"--innodb-flush-log-at-trx-commit=2"_s};
        if (::geteuid() == 0)
            arguments.append(u"--user=root"_s);
        if (QFile::exists(package))
            arguments += {u"--basedir="_s + package, u"--lc-messages-dir="_s + package + u"/share/mysql"_s,
                          u"--character-sets-dir="_s + package + u"/share/mysql/charsets"_s, u"--plugin-dir="_s + package + u"/lib/mysql/plugin"_s};
        return launch(program(u"mariadb-server-core"_s, u"usr/sbin/mariadbd"_s, {u"mariadbd"_s, u"/usr/libexec/mariadbd"_s}), arguments);
    }
    case Program::Postgres: {
        const QString place = m_folder.filePath(u"pg"_s);
        QFile::remove(place + u"/data/postmaster.pid"_s); // of one that was killed
        return launch(program(u"postgresql"_s, u"postgres"_s, postgresFolders(u"postgres"_s)),
                      {u"-D"_s, place + u"/data"_s, u"-k"_s, place, u"-c"_s, u"listen_addresses="_s, u"-c"_s, u"fsync=off"_s});
    }
    case Program::Slapd: {
        QProcessEnvironment environment = QProcessEnvironment::systemEnvironment();
        const QDir libraries(peers(u"slapd/usr/lib"_s)); // one folder of it has its own library
        for (const QString& one : libraries.entryList({u"*-linux-gnu*"_s}, QDir::Dirs))
            environment.insert(u"LD_LIBRARY_PATH"_s, libraries.filePath(one));
        m_process.setProcessEnvironment(environment);
        QString doors = u"ldap://127.0.0.1:%1/"_s.arg(m_port);
        if (m_tlsPort)
            doors += u" ldaps://127.0.0.1:%1/"_s.arg(m_tlsPort);
        return launch(program(u"slapd"_s, u"usr/sbin/slapd"_s, {u"slapd"_s, u"/usr/sbin/slapd"_s, u"/usr/libexec/slapd"_s}),
                      {u"-d"_s, u"0"_s, u"-h"_s, doors, u"-f"_s, m_folder.filePath(u"slapd.conf"_s)});
    }
    }
    return false;
}

void DatabasePeer::kill() {
    if (m_process.state() == QProcess::NotRunning)
        return;
    ::kill(-pid_t(m_process.processId()), SIGKILL);
    m_process.waitForFinished(kPatienceMs);
    m_log += m_process.readAll();
    if (m_program == Program::Postgres)
        QFile::remove(m_folder.filePath(u"pg/.s.PGSQL.5432.lock"_s));
}

void DatabasePeer::suspend() {
    if (m_process.state() == QProcess::Running)
        ::kill(-pid_t(m_process.processId()), SIGSTOP);
}

void DatabasePeer::resume() {
    if (m_process.state() == QProcess::Running)
        ::kill(-pid_t(m_process.processId()), SIGCONT);
}

QByteArray DatabasePeer::place() const {
    switch (m_program) {
    case Program::Mariadb:
        return "host " + QFile::encodeName(m_folder.filePath(u"sock"_s)) + "\nusername mail\npassword unasked\ndatabase office\n";
    case Program::Postgres:
        return "conninfo host='" + QFile::encodeName(m_folder.filePath(u"pg"_s)) + "' user=mail dbname=postgres\n";
    case Program::Slapd:
        return "url ldap://127.0.0.1:" + QByteArray::number(m_port) +
               "\nusername cn=postern,dc=office,dc=example\npassword s3cret\nbasedn dc=office,dc=example\n";
    }
    return {};
}

bool DatabasePeer::answers() {
    if (m_program == Program::Slapd) {
        QTcpSocket probe;
        probe.connectToHost(QHostAddress(QHostAddress::LocalHost), m_port);
        return probe.waitForConnected(200);
    }
    return run(m_program == Program::Mariadb ? QByteArrayList{"CREATE DATABASE IF NOT EXISTS office"} : QByteArrayList{"SELECT 1"});
}

bool DatabasePeer::run(const QByteArrayList& statements) {
    if (m_program == Program::Slapd) {
        QStringList arguments{u"-x"_s, u"-H"_s, u"ldap://127.0.0.1:%1"_s.arg(m_port), u"-D"_s, u"cn=postern,dc=office,dc=example"_s,
                              u"-w"_s, u"s3cret"_s};
        return finish(program(u"ldap-utils"_s, u"usr/bin/ldapmodify"_s, {u"ldapmodify"_s}), arguments, statements.join("\n"));
    }
    const bool isMariadb = m_program == Program::Mariadb;
    bool isDone = false;
    {
        QSqlDatabase db = QSqlDatabase::addDatabase(isMariadb ? u"QMYSQL"_s : u"QPSQL"_s, u"peer"_s);
        db.setUserName(u"mail"_s);
        if (isMariadb) {
            db.setConnectOptions(u"UNIX_SOCKET="_s + m_folder.filePath(u"sock"_s));
        } else {
            db.setHostName(m_folder.filePath(u"pg"_s));
            db.setDatabaseName(u"postgres"_s);
        }
        isDone = db.open();
        QSqlQuery query(db);
        if (isDone && isMariadb)
            query.exec(u"USE office"_s);
        for (const QByteArray& one : statements)
            if (isDone && !query.exec(QString::fromUtf8(one))) {
                m_log += one + ": " + query.lastError().text().toUtf8() + '\n';
                isDone = false;
            }
    }
    QSqlDatabase::removeDatabase(u"peer"_s);
    return isDone;
}

QByteArray DatabasePeer::log() {
    m_log += m_process.readAll();
    return m_log;
}

} // namespace postern::test
