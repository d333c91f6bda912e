// SPDX-License-Identifier: GPL-3.0-or-later
//
// Bars per hour of one day: taken in, the part that still waits hatched, refused below the line; with its legend.
// Time runs left to right in every language. Thread: the GUI thread.
#pragma once

#include "control/snapshots.h"

#include <QWidget>

namespace postern::window {

class HourChart final : public QWidget {
    Q_OBJECT
  public:
    explicit HourChart(QWidget* parent = nullptr);
    void setCounters(const control::Counters& counters);
    QSize sizeHint() const override { return {360, 150}; }
    QSize minimumSizeHint() const override; // the legend is never cut

    static int niceTop(int most); // the axis' end: 2, 4, 10, 20, 50, 100, 200, ... at least `most`

  protected:
    void paintEvent(QPaintEvent* event) override;
    bool event(QEvent* event) override;

  private:
    static QStringList legendWords();
    QRect plot() const;
    control::Counters m_counters;
};

} // namespace postern::window
