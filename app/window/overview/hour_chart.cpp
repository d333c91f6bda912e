// SPDX-License-Identifier: GPL-3.0-or-later
#include "window/overview/hour_chart.h"

#include "window/theme/theme.h"
#include "window/words/phrases.h"

#include <QHelpEvent>
#include <QPainter>
#include <QToolTip>

#include <algorithm>

using namespace Qt::StringLiterals;

namespace postern::window {
namespace {

constexpr int kHours = 24;
constexpr int kLegend = 24;
constexpr int kLegendRoom = 28; // beside the words of one entry: box and gaps
constexpr int kHourNames = 20;
constexpr int kBelow = 12; // room for refused bars

int at(const QList<int>& list, int hour) {
    return hour < list.size() ? std::max(0, list.at(hour)) : 0;
}

} // namespace

HourChart::HourChart(QWidget* parent) : QWidget(parent) {
    setLayoutDirection(Qt::LeftToRight);
    setFont(theme::smallFont());
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
}

QStringList HourChart::legendWords() {
    return {tr("taken in"), tr("still waiting"), tr("refused (below the line)")};
}

QSize HourChart::minimumSizeHint() const {
    int wide = 0;
    for (const QString& words : legendWords())
        wide += fontMetrics().horizontalAdvance(words) + kLegendRoom;
    return {wide, 150};
}

int HourChart::niceTop(int most) {
    for (int step = 1;; step *= 10) {
        for (const int nice : {2, 4, 10}) {
            if (nice * step >= most || step > 100'000'000)
                return nice * step;
            if (nice == 4 && 5 * step >= most && step >= 10)
                return 5 * step;
        }
    }
}

void HourChart::setCounters(const control::Counters& counters) {
    m_counters = counters;
    setAccessibleName(tr("Mail by hour today: %1 taken in, %2 delivered, %3 refused")
                          .arg(countWords(counters.taken), countWords(counters.delivered), countWords(counters.refused)));
    update();
}

QRect HourChart::plot() const {
    return rect().adjusted(fontMetrics().horizontalAdvance(u"00000"_s) + 4, 6, -8, -(kLegend + kHourNames + kBelow));
}

bool HourChart::event(QEvent* event) {
    if (event->type() == QEvent::ToolTip) {
        const auto* help = static_cast<QHelpEvent*>(event);
        const QRect area = plot();
        const int hour = (help->pos().x() - area.left()) * kHours / std::max(1, area.width());
        if (hour < 0 || hour >= kHours || help->pos().x() < area.left()) {
            QToolTip::hideText();
            return true;
        }
        QToolTip::showText(help->globalPos(),
                           tr("%1:00 – %2 taken in, %3 still waiting, %4 refused")
                               .arg(hour, 2, 10, QLatin1Char('0'))
                               .arg(countWords(at(m_counters.takenPerHour, hour)), countWords(at(m_counters.waitingPerHour, hour)),
                                    countWords(at(m_counters.refusedPerHour, hour))),
                           this);
        return true;
    }
    return QWidget::event(event);
}

void HourChart::paintEvent(QPaintEvent*) {
    const Roles& r = theme::roles();
    QPainter painter(this);
    painter.setFont(font());
    const QRect area = plot();
    int most = 2;
    int mostRefused = 1;
    for (int h = 0; h < kHours; ++h) {
        most = std::max(most, at(m_counters.takenPerHour, h));
        mostRefused = std::max(mostRefused, at(m_counters.refusedPerHour, h));
    }
    const int top = niceTop(most);
    const auto y = [&](int value) { return area.bottom() - value * (area.height() - 1) / top; };
    for (const int value : {0, top / 2, top}) {
        painter.fillRect(QRect(area.left(), y(value), area.width(), 1), value == 0 ? r.controlBorder : r.lineSoft);
        painter.setPen(r.textDim);
        painter.drawText(QRect(0, y(value) - 10, area.left() - 6, 20), Qt::AlignRight | Qt::AlignVCenter, countWords(value));
    }
    for (int h = 0; h < kHours; ++h) {
        const int from = area.left() + h * area.width() / kHours + 2;
        const int width = std::max(3, area.width() / kHours - 4);
        const int taken = at(m_counters.takenPerHour, h);
        const int waiting = std::min(taken, at(m_counters.waitingPerHour, h));
        const int base = area.bottom();
        if (taken > waiting)
            painter.fillRect(QRect(from, y(taken - waiting), width, base - y(taken - waiting)), r.accentLine);
        if (waiting > 0) {
            const QRect bar(from, y(taken), width, y(taken - waiting) - y(taken));
            painter.fillRect(bar, QBrush(r.attentionInk, Qt::BDiagPattern));
            painter.setPen(r.attentionInk);
            painter.drawRect(bar.adjusted(0, 0, -1, -1));
        }
        if (const int refused = at(m_counters.refusedPerHour, h); refused > 0)
            painter.fillRect(QRect(from, base + 3, width, std::max(3, refused * (kBelow - 4) / mostRefused)), r.errorInk);
        if (h % 6 == 0) {
            painter.setPen(r.textDim);
            painter.drawText(QRect(from - 12, base + kBelow, width + 24, kHourNames), Qt::AlignCenter,
                             u"%1"_s.arg(h, 2, 10, QLatin1Char('0')));
        }
    }
    const QStringList words = legendWords();
    const int legendTop = height() - kLegend;
    int x = 0;
    const auto legend = [&](const QBrush& brush, const QColor& border, int boxHeight, const QString& word) {
        const QRect box(x, legendTop + (kLegend - boxHeight) / 2, 10, boxHeight);
        painter.fillRect(box, brush);
        if (border.isValid()) {
            painter.setPen(border);
            painter.drawRect(box.adjusted(0, 0, -1, -1));
        }
        painter.setPen(r.textDim);
        const int wide = painter.fontMetrics().horizontalAdvance(word);
        painter.drawText(QRect(x + 13, legendTop, wide + 4, kLegend), Qt::AlignVCenter, word);
        x += wide + kLegendRoom;
    };
    legend(r.accentLine, {}, 10, words.at(0));
    legend(QBrush(r.attentionInk, Qt::BDiagPattern), r.attentionInk, 10, words.at(1));
    legend(r.errorInk, {}, 5, words.at(2));
}

} // namespace postern::window
