// SPDX-License-Identifier: GPL-3.0-or-later
#include "corpus.h"
#include "support/places.h"

#include <QDir>
#include <QFile>

namespace postern::test {

const QList<CorpusFile>& corpus() {
    static const QList<CorpusFile> files = [] {
        QList<CorpusFile> result;
        for (const char* part : {"map2012", "legacy", "modern"}) {
            const QDir dir(QStringLiteral(POSTERN_SOURCE_DIR "/tests/corpus/smtpd_conf/") + QString::fromLatin1(part));
            for (const QString& name : dir.entryList(QDir::Files, QDir::Name)) {
                QFile file(dir.filePath(name));
                if (file.open(QIODevice::ReadOnly))
                    result.append({QByteArray(part) + '/' + name.toUtf8(), file.readAll()});
            }
        }
        return result;
    }();
    return files;
}

qsizetype below(QRandomGenerator& random, qsizetype limit) {
    return qsizetype(random.generate() % quint32(std::max<qsizetype>(limit, 1)));
}

QByteArray spice(QRandomGenerator& random) {
    static const QByteArrayList kSpices = {
        "\"", "'", "{", "}", "\\\n", "\\", "#", "\r\n", QByteArray(1, '\0'), "\xff", "$", "$x", "$lan", "=", "=>", "<", ">",
        "!", ",", "(", ")", "\n", "\n\n", "\xef\xbb\xbf", "x = \"{ a tls\"\n", "x = \"b\"\n", "include \"y\"\n",
        "accept for any relay\n", "match for any action \"a\"\n", "action \"a\" relay\n", "map m source plain \"/m\"\n",
        "table t { a,\n b }\n", "queue ttl 4d\n", "expire 4d\n", " ", "\t", "a", "listen on lo0\n", "# c \\\n", "\\\"", "\r"};
    return kSpices[below(random, kSpices.size())];
}

QByteArray generatedConfig(QRandomGenerator& random) {
    static const QByteArrayList kPieces = {
        "accept ", "reject ", "match ", "action ", "listen on ", "table t ", "map m ", "source ", "from ", "for ", "any ",
        "local ", "domain ", "relay ", "via ", "host ", "tls ", "verify ", "auth ", "<t> ", "{ a, b } ", "{ k = v } ", "25 ",
        "4d ", "\"q w\" ", "$x ", "x = \"tls { a \"\n", "x = \"\"\n", "\n", "\n", "\\\n", "# c\n", "include ", "pki ",
        "limit mta ", "queue ttl ", "filter ", "phase ", "deliver to ", "maildir ", "! ", "{", "}", "smtp ", "catch ", "=", ","};
    QByteArray text;
    for (quint32 i = random.generate() % 60; i > 0; --i)
        text += kPieces[below(random, kPieces.size())];
    return text;
}

} // namespace postern::test
