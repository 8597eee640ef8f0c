#include "app/vocabulary/TemplateEditor.h"

#include "model/Error.h"
#include "widgets/Theme.h"

#include <QComboBox>
#include <QHBoxLayout>
#include <QLabel>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QVBoxLayout>

namespace tagalign::app {

using model::tags::PromptTemplates;

namespace {

QString joined(const PromptTemplates::List& templates)
{
    QStringList lines;
    for (const std::string& each : templates) {
        lines.append(QString::fromStdString(each));
    }
    return lines.join(QLatin1Char('\n'));
}

} // namespace

TemplateEditor::TemplateEditor(QWidget* parent)
    : QWidget(parent),
      m_group(new QComboBox(this)),
      m_text(new QPlainTextEdit(this)),
      m_state(new QLabel(this)),
      m_save(new QPushButton(tr("Sa&ve"), this))
{
    m_group->addItem(tr("Objects"), QString::fromUtf8(PromptTemplates::kObject.data()));
    for (std::size_t i = 0; i < model::tags::kAttributeClasses; ++i) {
        const auto name =
            QString::fromStdString(model::tags::className(model::tags::AttributeClass(i)));
        m_group->addItem(tr("Attributes: %1").arg(name), name);
    }
    m_group->setAccessibleName(tr("Class of tags"));
    m_text->setAccessibleName(tr("Prompt templates, one a line"));
    m_text->setTabChangesFocus(true);
    m_state->setWordWrap(true);
    m_state->setTextFormat(Qt::PlainText);
    auto* note = new QLabel(tr("A tag is put where {} stands; the mean of the sentences stands for "
                               "it when models are trained and measured."),
                            this);
    note->setWordWrap(true);
    auto* standard = new QPushButton(tr("Standard ones"), this);
    auto* buttons = new QHBoxLayout;
    buttons->addStretch();
    buttons->addWidget(standard);
    buttons->addWidget(m_save);
    for (QPushButton* button : {standard, m_save}) {
        button->setAutoDefault(false);
    }
    auto* layout = new QVBoxLayout(this);
    layout->addWidget(note);
    layout->addWidget(m_group);
    layout->addWidget(m_text, 1);
    layout->addWidget(m_state);
    layout->addLayout(buttons);
    connect(m_group, qOverload<int>(&QComboBox::currentIndexChanged), this,
            &TemplateEditor::showGroup);
    connect(m_text, &QPlainTextEdit::textChanged, this, &TemplateEditor::check);
    connect(standard, &QPushButton::clicked, this, &TemplateEditor::reset);
    connect(m_save, &QPushButton::clicked, this, [this] { Q_EMIT saved(typed()); });
    showGroup();
}

void TemplateEditor::setTemplates(const PromptTemplates& templates)
{
    if (m_templates.toJson() != templates.toJson()) { // else what is being typed would be lost
        m_templates = templates;
        showGroup();
    }
    check();
}

void TemplateEditor::showGroup()
{
    m_text->setPlainText(joined(m_templates.of(m_group->currentData().toString().toStdString())));
}

void TemplateEditor::reset()
{
    PromptTemplates none;
    m_text->setPlainText(joined(none.of(m_group->currentData().toString().toStdString())));
}

PromptTemplates TemplateEditor::typed() const
{
    PromptTemplates::List lines;
    for (const QString& line : m_text->toPlainText().split(QLatin1Char('\n'))) {
        if (!line.simplified().isEmpty()) {
            lines.push_back(line.simplified().toStdString());
        }
    }
    PromptTemplates::check(lines);
    PromptTemplates all = m_templates;
    all.set(m_group->currentData().toString().toStdString(), lines);
    return all;
}

void TemplateEditor::check()
{
    try {
        const bool isNew = typed().toJson() != m_templates.toJson();
        m_save->setEnabled(isNew);
        m_state->setText(isNew ? tr("Not saved yet.") : QString());
    } catch (const model::Error& error) {
        m_save->setEnabled(false);
        m_state->setText(QString::fromUtf8(error.what()) + QLatin1Char('.'));
    }
}

} // namespace tagalign::app
