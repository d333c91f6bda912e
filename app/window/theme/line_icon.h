// SPDX-License-Identifier: GPL-3.0-or-later
//
// Our line icons: one SVG per name in resources/icons, drawn in one colour at any size.
//
// Icons that point along the text (chevron-end, arrow-end, relays, listeners) are mirrored in right-to-left.
// Failure: an unknown name draws nothing (a test walks the names that the window uses).
// Thread: the GUI thread.
#pragma once

#include <QIcon>
#include <QIconEngine>
#include <QString>

class QPainter;

namespace postern::window {

class LineIconEngine final : public QIconEngine {
  public:
    explicit LineIconEngine(QString name, QColor color = {}); // without a colour: the palette's, by mode
    void paint(QPainter* painter, const QRect& rect, QIcon::Mode mode, QIcon::State state) override;
    QPixmap pixmap(const QSize& size, QIcon::Mode mode, QIcon::State state) override;
    QPixmap scaledPixmap(const QSize& size, QIcon::Mode mode, QIcon::State state, qreal scale) override;
    QIconEngine* clone() const override;
    QString iconName() override { return m_name; }

  private:
    QString m_name;
    QColor m_color;
};

QIcon lineIcon(const QString& name);
QIcon lineIcon(const QString& name, const QColor& color);
void paintLineIcon(QPainter& painter, const QRect& rect, const QString& name, const QColor& color);
bool hasLineIcon(const QString& name);

} // namespace postern::window
