// SPDX-License-Identifier: GPL-3.0-or-later
//
// Not tested: that the octets are overwritten in memory, since looking at freed memory is undefined behaviour (threat
// X04).
#include "base/secret.h"

#include <QDebug>
#include <QTest>

using namespace postern;

namespace {

template <class T>
concept Printable = requires(T value) { qDebug() << value; };

} // namespace

// A secret has no way into a line by accident.
static_assert(!std::is_convertible_v<Secret, QByteArray> && !std::is_convertible_v<Secret, QByteArrayView>);
static_assert(!std::is_convertible_v<QByteArray, Secret>);
static_assert(Printable<QByteArray> && !Printable<Secret>);

class TestSecret : public QObject {
    Q_OBJECT

  private Q_SLOTS:
    void takesOverItsBytes();
    void copyOutlivesTheOriginal();
    void movesAndAssigns();
    void wipesWhatItHeld();
};

void TestSecret::takesOverItsBytes() {
    QByteArray plain("pass");
    plain.append("word"); // not shared with the literal
    const Secret secret(std::move(plain));
    QCOMPARE(secret.expose(), QByteArrayView("password"));
    QVERIFY(!secret.isEmpty());
    QVERIFY(Secret().isEmpty());
}

void TestSecret::copyOutlivesTheOriginal() { // the wipe of one must not blind the other
    auto first = std::make_unique<Secret>(QByteArray("password"));
    const Secret second(*first);
    QVERIFY(second.expose().data() != first->expose().data()); // shared bytes would be nobody's to wipe
    Secret third;
    third = *first;
    first.reset();
    QCOMPARE(second.expose(), QByteArrayView("password"));
    QCOMPARE(third.expose(), QByteArrayView("password"));
}

void TestSecret::movesAndAssigns() {
    Secret a(QByteArray("one"));
    Secret b(std::move(a));
    QCOMPARE(b.expose(), QByteArrayView("one"));
    Secret c(QByteArray("two"));
    c = std::move(b);
    QCOMPARE(c.expose(), QByteArrayView("one"));
    Secret& same = c;
    c = same;
    QCOMPARE(c.expose(), QByteArrayView("one"));
}

void TestSecret::wipesWhatItHeld() {
    QByteArray own("secret");
    own.detach();
    wipe(own);
    QVERIFY(own.isEmpty());
    QByteArray shared("secret");
    const QByteArray other = shared;
    wipe(shared);
    QCOMPARE(other, QByteArray("secret")); // somebody else's copy is not ours to destroy
}

QTEST_APPLESS_MAIN(TestSecret)
#include "tst_secret.moc"
