// SPDX-License-Identifier: GPL-3.0-or-later
//
// The colour table keeps its promises: the contrast that look.md documents, on the base and on the worst surface.
#include "window/theme/roles.h"

#include <QTest>

#include <algorithm>

using namespace postern::window;

Q_DECLARE_METATYPE(QColor Roles::*)

class TestRoles final : public QObject {
    Q_OBJECT

  private Q_SLOTS:
    void init() { QTest::failOnWarning(QRegularExpression(QStringLiteral(".*"))); }

    void ratioOfBlackAndWhiteIsTwentyOne() {
        QCOMPARE(qRound(contrastRatio(Qt::black, Qt::white) * 10), 210);
        QCOMPARE(qRound(contrastRatio(Qt::white, Qt::white) * 10), 10);
    }

    void inksReadOnBaseAndOnTheWorstSurface_data() {
        QTest::addColumn<QColor Roles::*>("ink");
        QTest::addColumn<double>("lightBase");
        QTest::addColumn<double>("lightWorst");
        QTest::addColumn<double>("darkBase");
        QTest::addColumn<double>("darkWorst");
        // ink, then "contrast light" and "contrast dark" of the documented table
        QTest::addRow("text") << &Roles::text << 16.2 << 13.1 << 13.9 << 8.7;
        QTest::addRow("text dim") << &Roles::textDim << 6.4 << 5.2 << 7.8 << 4.9;
        QTest::addRow("link") << &Roles::link << 6.8 << 5.5 << 8.4 << 5.2;
        QTest::addRow("ok") << &Roles::okInk << 6.3 << 5.1 << 8.9 << 5.6;
        QTest::addRow("attention") << &Roles::attentionInk << 6.5 << 5.2 << 9.4 << 5.9;
        QTest::addRow("error") << &Roles::errorInk << 6.5 << 5.3 << 8.0 << 5.0;
    }

    void inksReadOnBaseAndOnTheWorstSurface() {
        QFETCH(QColor Roles::*, ink);
        QFETCH(double, lightBase);
        QFETCH(double, lightWorst);
        QFETCH(double, darkBase);
        QFETCH(double, darkWorst);
        const auto worst = [ink](const Roles& r) {
            double least = 21;
            for (const QColor& surface : {r.base, r.window, r.alternate, r.selection})
                least = std::min(least, contrastRatio(r.*ink, surface));
            return least;
        };
        const Roles light = Roles::light();
        const Roles dark = Roles::darkOnes();
        QVERIFY2(contrastRatio(light.*ink, light.base) >= lightBase - 0.05, "light, on base");
        QVERIFY2(worst(light) >= lightWorst - 0.05, "light, on the worst surface");
        QVERIFY2(contrastRatio(dark.*ink, dark.base) >= darkBase - 0.05, "dark, on base");
        QVERIFY2(worst(dark) >= darkWorst - 0.05, "dark, on the worst surface");
    }

    void statusInksReadOnTheirTints_data() {
        QTest::addColumn<bool>("isDark");
        QTest::addRow("light") << false;
        QTest::addRow("dark") << true;
    }

    void statusInksReadOnTheirTints() {
        QFETCH(bool, isDark);
        const Roles r = isDark ? Roles::darkOnes() : Roles::light();
        for (const Tone tone : {Tone::Ok, Tone::Attention, Tone::Error, Tone::Link}) {
            const ToneColors colors = r.tone(tone);
            QVERIFY(contrastRatio(colors.ink, colors.tint) >= 4.5);
            QVERIFY(contrastRatio(r.text, colors.tint) >= 4.5);
        }
        QVERIFY(contrastRatio(r.onAccent, r.accentFill) >= 4.5);
        QVERIFY(contrastRatio(r.accentLine, r.base) >= 3.0);
        QVERIFY(contrastRatio(r.controlBorder, r.base) >= 3.0);
    }

    void highContrastHasNoTintsAndBordersInText() {
        for (const bool isDark : {false, true}) {
            const Roles r = Roles::contrast(isDark);
            QCOMPARE(r.okTint, r.base);
            QCOMPARE(r.attentionTint, r.base);
            QCOMPARE(r.errorTint, r.base);
            QCOMPARE(r.line, r.text);
            QCOMPARE(r.attentionInk, r.text);
            QVERIFY(contrastRatio(r.text, r.base) > 20);
            QVERIFY(contrastRatio(r.selectionText, r.selection) >= 7);
        }
    }

    void overAForeignPaletteTintsAreMixedFromIt() {
        QPalette p;
        p.setColor(QPalette::Base, QColor(250, 250, 250));
        p.setColor(QPalette::Window, QColor(240, 240, 240));
        p.setColor(QPalette::WindowText, QColor(0, 0, 0));
        p.setColor(QPalette::Text, QColor(0, 0, 0));
        const Roles r = Roles::derivedFrom(p);
        QVERIFY(!r.dark);
        QCOMPARE(r.base, QColor(250, 250, 250));
        QCOMPARE(r.line, mixed(QColor(0, 0, 0), r.base, 0.18));
        QCOMPARE(r.errorTint, mixed(r.errorInk, r.base, 0.12));
    }
};

QTEST_GUILESS_MAIN(TestRoles)
#include "tst_roles.moc"
