// SPDX-License-Identifier: GPL-3.0-or-later
//
// docs/FEATURES.md is honest: every row has one of the three states, and every test that a row names exists.
//
// A test is named `tst_file::function` (the function is in tst_file.cpp) or `tst_file`, several separated by commas.
#include "support/places.h"

#include <QDirIterator>
#include <QFile>
#include <QHash>
#include <QRegularExpression>
#include <QTest>

using namespace Qt::StringLiterals;

class FeaturesLedger : public QObject {
    Q_OBJECT

    QHash<QString, QString> m_sources; // file base name -> content

    static QString read(const QString& path) {
        QFile file(path);
        return file.open(QIODevice::ReadOnly) ? QString::fromUtf8(file.readAll()) : QString();
    }

  private Q_SLOTS:
    void initTestCase() {
        QDirIterator at(QStringLiteral(POSTERN_SOURCE_DIR "/tests"), {u"tst_*.cpp"_s}, QDir::Files,
                        QDirIterator::Subdirectories);
        while (at.hasNext()) {
            at.next();
            m_sources[at.fileInfo().completeBaseName()] += read(at.filePath());
        }
        QVERIFY(m_sources.size() > 10);
    }

    void everyRowNamesItsStateAndTestsThatExist() {
        const QStringList lines = read(QStringLiteral(POSTERN_SOURCE_DIR "/docs/FEATURES.md")).split(u'\n');
        static const QRegularExpression reference(u"tst_\\w+(::\\w+)?"_s);
        QStringList wrong;
        int rows = 0;
        for (qsizetype i = 0; i < lines.size(); ++i) {
            QString row = lines[i];
            if (!row.startsWith(u'|') || row.startsWith(u"|--"_s) || row.startsWith(u"| --"_s) ||
                row.startsWith(u"| item"_s))
                continue;
            row.replace(u"\\|"_s, u"¦"_s);
            const QStringList cells = row.split(u'|');
            if (cells.size() != 5) { // "", item, state, test, ""
                wrong.append(u"line %1: a row has three cells"_s.arg(i + 1));
                continue;
            }
            ++rows;
            const QString state = cells[2].trimmed();
            if (state != "works"_L1 && state != "parsed only"_L1 && state != "not yet"_L1)
                wrong.append(u"line %1: state \"%2\""_s.arg(QString::number(i + 1), state));
            bool named = false;
            for (auto match = reference.globalMatch(cells[3]); match.hasNext();) {
                const QStringList parts = match.next().captured().split(u"::"_s);
                named = true;
                if (!m_sources.contains(parts[0]))
                    wrong.append(u"line %1: there is no %2.cpp"_s.arg(QString::number(i + 1), parts[0]));
                else if (parts.size() == 2 &&
                         !m_sources[parts[0]].contains(QRegularExpression(u"void %1\\s*\\("_s.arg(parts[1]))))
                    wrong.append(u"line %1: %2 has no test %3"_s.arg(QString::number(i + 1), parts[0], parts[1]));
            }
            if (state == "works"_L1 && !named)
                wrong.append(u"line %1: \"works\" without a test"_s.arg(i + 1));
        }
        QVERIFY2(wrong.isEmpty(), qPrintable(wrong.join(u'\n')));
        QVERIFY(rows > 100);
    }
};

QTEST_GUILESS_MAIN(FeaturesLedger)
#include "tst_features_ledger.moc"
