// SPDX-License-Identifier: GPL-3.0-or-later
#include "window/message/story_step.h"

#include "window/theme/line_icon.h"
#include "window/theme/postern_style.h"
#include "window/theme/theme.h"
#include "window/widgets/action_button.h"
#include "window/widgets/labels.h"
#include "window/words/safe_text.h"

#include <QHBoxLayout>
#include <QPainter>
#include <QVBoxLayout>

namespace postern::window {
namespace {

constexpr int kTimeWidth = 84;
constexpr int kLineAt = 96; // middle of the vertical line, from the leading edge
constexpr int kIndent = 116;

class WordsBox final : public QWidget {
  public:
    WordsBox(Tone tone, QWidget* parent) : QWidget(parent), m_tone(tone) {}

  protected:
    void paintEvent(QPaintEvent*) override {
        const ToneColors colors = theme::roles().tone(m_tone);
        QPainter painter(this);
        paintButtonPanel(painter, rect(), colors.tint, colors.line);
    }

  private:
    Tone m_tone;
};

} // namespace

StoryStepWidget::StoryStepWidget(const StoryStep& step, bool isLast, QAction* cure, QWidget* parent)
    : QWidget(parent), m_step(step), m_isLast(isLast) {
    auto* row = new QHBoxLayout(this);
    row->setContentsMargins(0, 0, 0, 12);
    row->setSpacing(0);
    row->addSpacing(kIndent);
    auto* column = new QVBoxLayout;
    column->setSpacing(2);
    row->addLayout(column, 1);
    auto* fact = makeLabel(LabelKind::Section, step.fact);
    fact->setWordWrap(true);
    column->addWidget(fact);
    if (!step.reason.isEmpty()) {
        auto* reason = makeLabel(LabelKind::Dim, step.reason);
        reason->setWordWrap(true);
        column->addWidget(reason);
    }
    if (!step.words.isEmpty()) {
        QVBoxLayout* place = column;
        if (step.isOpen) {
            auto* box = new WordsBox(step.tone, this);
            place = new QVBoxLayout(box);
            place->setContentsMargins(14, 10, 14, 10);
            if (!step.advice.isEmpty()) {
                auto* advice = makeLabel(LabelKind::Body, step.advice);
                advice->setWordWrap(true);
                place->addWidget(advice);
            }
            place->addWidget(makeLabel(LabelKind::Small, step.isTheirs ? tr("Their own words") : tr("What happened")));
            column->addSpacing(4);
            column->addWidget(box);
        }
        auto* words = makeLabel(LabelKind::Fixed, leftToRight(step.words));
        words->setWordWrap(true);
        words->setTextInteractionFlags(Qt::TextSelectableByMouse | Qt::TextSelectableByKeyboard);
        if (!step.isOpen)
            words->setForegroundRole(QPalette::PlaceholderText);
        place->addWidget(words);
        if (step.isOpen && cure) {
            place->addSpacing(4);
            place->addWidget(new ActionButton(cure), 0, Qt::AlignLeading);
        }
    }
    setAccessibleName(step.time + QStringLiteral(", ") + step.fact + QStringLiteral(". ") + step.reason);
}

void StoryStepWidget::paintEvent(QPaintEvent*) {
    const Roles& r = theme::roles();
    QPainter painter(this);
    const auto placed = [this](const QRect& rect) { return QStyle::visualRect(layoutDirection(), this->rect(), rect); };
    const int textHeight = QFontMetrics(theme::sectionFont()).height();
    painter.setPen(r.textDim);
    painter.drawText(placed(QRect(0, 0, kTimeWidth, textHeight)),
                     static_cast<int>(QStyle::visualAlignment(layoutDirection(), Qt::AlignRight) | Qt::AlignVCenter), m_step.time);
    paintLineIcon(painter, placed(QRect(kLineAt - 8, (textHeight - 16) / 2 + 1, 16, 16)), m_step.icon, r.tone(m_step.tone).ink);
    if (!m_isLast)
        painter.fillRect(placed(QRect(kLineAt, textHeight + 3, 2, height() - textHeight - 5)), r.line);
}

} // namespace postern::window
