// SPDX-License-Identifier: GPL-3.0-or-later
#include "window/theme/line_icon.h"

#include "window/theme/theme.h"

#include <QFile>
#include <QGuiApplication>
#include <QHash>
#include <QPainter>
#include <QPixmapCache>
#include <QSvgRenderer>

using namespace Qt::StringLiterals;

namespace postern::window {
namespace {

QString pathOf(const QString& name) {
    return u":/postern/icons/"_s + name + u".svg"_s;
}

bool pointsAlongText(const QString& name) {
    return name == u"chevron-end" || name == u"arrow-end" || name == u"relays" || name == u"listeners";
}

QByteArray drawing(const QString& name, const QColor& color, int size) {
    static QHash<QString, QByteArray> files;
    auto it = files.constFind(name);
    if (it == files.constEnd()) {
        QFile file(pathOf(name));
        it = files.insert(name, file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray());
    }
    QByteArray svg = *it;
    svg.replace("#000", color.name(QColor::HexRgb).toLatin1());
    svg.replace("#fff", theme::roles().base.name(QColor::HexRgb).toLatin1());
    svg.replace("#f80", theme::roles().badge.name(QColor::HexRgb).toLatin1());
    if (size >= 20)
        svg.replace("stroke-width=\"1.35\"", "stroke-width=\"1.5\"");
    return svg;
}

QPixmap rendered(const QString& name, const QColor& color, const QSize& size, qreal ratio) {
    const bool mirror = pointsAlongText(name) && QGuiApplication::isRightToLeft();
    const QString key = u"postern-icon/%1/%2x%3@%4/%5/%6"_s.arg(name)
                            .arg(size.width())
                            .arg(size.height())
                            .arg(ratio)
                            .arg(color.name(QColor::HexArgb))
                            .arg(mirror);
    QPixmap pixmap;
    if (QPixmapCache::find(key, &pixmap))
        return pixmap;
    pixmap = QPixmap(size * ratio);
    pixmap.fill(Qt::transparent);
    QSvgRenderer renderer(drawing(name, color, std::min(size.width(), size.height())));
    if (renderer.isValid()) {
        QPainter painter(&pixmap);
        if (mirror) {
            painter.translate(pixmap.width(), 0);
            painter.scale(-1, 1);
        }
        renderer.render(&painter, QRectF(QPointF(0, 0), QSizeF(pixmap.size())));
    }
    pixmap.setDevicePixelRatio(ratio);
    QPixmapCache::insert(key, pixmap);
    return pixmap;
}

QColor colorFor(QIcon::Mode mode) {
    const QPalette palette = QGuiApplication::palette();
    switch (mode) {
    case QIcon::Disabled:
        return palette.color(QPalette::Disabled, QPalette::ButtonText);
    case QIcon::Selected:
        return theme::roles().selectionText;
    case QIcon::Normal:
    case QIcon::Active:
        break;
    }
    return palette.color(QPalette::ButtonText);
}

} // namespace

LineIconEngine::LineIconEngine(QString name, QColor color) : m_name(std::move(name)), m_color(std::move(color)) {}

void LineIconEngine::paint(QPainter* painter, const QRect& rect, QIcon::Mode mode, QIcon::State) {
    const QColor color = m_color.isValid() && mode != QIcon::Disabled ? m_color : colorFor(mode);
    painter->drawPixmap(rect, rendered(m_name, color, rect.size(), painter->device()->devicePixelRatioF()));
}

QPixmap LineIconEngine::pixmap(const QSize& size, QIcon::Mode mode, QIcon::State state) {
    return scaledPixmap(size, mode, state, 1.0);
}

QPixmap LineIconEngine::scaledPixmap(const QSize& size, QIcon::Mode mode, QIcon::State, qreal scale) {
    const QColor color = m_color.isValid() && mode != QIcon::Disabled ? m_color : colorFor(mode);
    QPixmap pixmap = rendered(m_name, color, size / scale, scale); // `size` is in device pixels here
    return pixmap;
}

QIconEngine* LineIconEngine::clone() const {
    return new LineIconEngine(*this);
}

QIcon lineIcon(const QString& name) {
    return QIcon(new LineIconEngine(name));
}

QIcon lineIcon(const QString& name, const QColor& color) {
    return QIcon(new LineIconEngine(name, color));
}

void paintLineIcon(QPainter& painter, const QRect& rect, const QString& name, const QColor& color) {
    painter.drawPixmap(rect, rendered(name, color, rect.size(), painter.device()->devicePixelRatioF()));
}

bool hasLineIcon(const QString& name) {
    return QFile::exists(pathOf(name));
}

} // namespace postern::window
