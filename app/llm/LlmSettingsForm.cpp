#include "app/llm/LlmSettingsForm.h"

#include "model/Error.h"
#include "widgets/Theme.h"

#include <QDoubleSpinBox>
#include <QFormLayout>
#include <QHBoxLayout>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <QSignalBlocker>
#include <QSpinBox>

namespace tagalign::app {

LlmSettingsForm::LlmSettingsForm(QWidget* parent)
    : QWidget(parent),
      m_endpoint(new QLineEdit(this)),
      m_model(new QLineEdit(this)),
      m_key(new QLineEdit(this)),
      m_keyStatus(new QLabel(this)),
      m_store(new QPushButton(tr("&Keep in the keyring"), this)),
      m_remove(new QPushButton(tr("&Forget it"), this))
{
    makeFields();
    connect(m_endpoint, &QLineEdit::textChanged, this, &LlmSettingsForm::onEndpoint);
    connect(m_model, &QLineEdit::textChanged, this, &LlmSettingsForm::changed);
    connect(m_key, &QLineEdit::textChanged, this, [this] {
        showKey();
        Q_EMIT changed();
    });
    connect(m_store, &QPushButton::clicked, this, &LlmSettingsForm::store);
    connect(m_remove, &QPushButton::clicked, this, &LlmSettingsForm::remove);
    showKey();
}

void LlmSettingsForm::makeFields()
{
    auto* form = new QFormLayout(this);
    form->setContentsMargins(0, 0, 0, 0);
    form->setSpacing(widgets::kGrid);
    m_endpoint->setPlaceholderText(QStringLiteral("http://localhost:11434/v1"));
    m_endpoint->setToolTip(tr("The address of an OpenAI-compatible server"));
    m_model->setPlaceholderText(QStringLiteral("llama3.1"));
    m_model->setToolTip(tr("The model's name at the endpoint"));
    m_key->setEchoMode(QLineEdit::Password);
    m_key->setPlaceholderText(tr("only to set another one"));
    m_keyStatus->setWordWrap(true);
    auto* keyButtons = new QHBoxLayout;
    keyButtons->setSpacing(widgets::kGrid);
    keyButtons->addWidget(m_store);
    keyButtons->addWidget(m_remove);
    keyButtons->addStretch();
    form->addRow(tr("&Endpoint"), m_endpoint);
    form->addRow(tr("&Model"), m_model);
    form->addRow(tr("Ke&y"), m_key);
    form->addRow(QString(), m_keyStatus);
    form->addRow(QString(), keyButtons);
    m_concurrency = addNumber(*form, tr("&Requests at once"), 1, LlmSettings::kMostRequests,
                              tr("A local server mostly works on one to four at a time"));
    m_captions = addNumber(*form, tr("&Captions in a request"), 1, LlmSettings::kMostCaptions,
                           tr("More are cheaper, since the prompt is sent less often, but one "
                              "caption may colour how another is read"));
    m_timeout = addNumber(*form, tr("&Wait for an answer"), 1, 3600,
                          tr("After that the request is tried again, some times"));
    m_timeout->setSuffix(tr(" s"));
    m_inputPrice = addPrice(*form, tr("A million tokens &in"));
    m_outputPrice = addPrice(*form, tr("A million tokens &out"));
}

QSpinBox* LlmSettingsForm::addNumber(QFormLayout& form, const QString& label, int least, int most,
                                     const QString& toolTip)
{
    auto* field = new QSpinBox(this);
    field->setRange(least, most);
    field->setToolTip(toolTip);
    form.addRow(label, field);
    connect(field, &QSpinBox::valueChanged, this, &LlmSettingsForm::changed);
    return field;
}

QDoubleSpinBox* LlmSettingsForm::addPrice(QFormLayout& form, const QString& label)
{
    auto* field = new QDoubleSpinBox(this);
    field->setRange(0.0, 10'000.0);
    field->setDecimals(3);
    field->setPrefix(QStringLiteral("$"));
    field->setSpecialValueText(tr("no price"));
    field->setToolTip(tr("As the provider lists it, to tell what a run costs"));
    form.addRow(label, field);
    connect(field, &QDoubleSpinBox::valueChanged, this, &LlmSettingsForm::changed);
    return field;
}

void LlmSettingsForm::setSettings(const LlmSettings& settings)
{
    {
        const QSignalBlocker quiet(this);
        m_settings = settings;
        m_endpoint->setText(settings.endpoint);
        m_model->setText(settings.model);
        m_concurrency->setValue(settings.concurrency);
        m_captions->setValue(settings.captionsPerRequest);
        m_timeout->setValue(settings.timeoutMs / 1000);
        m_inputPrice->setValue(settings.inputPrice);
        m_outputPrice->setValue(settings.outputPrice);
    }
    Q_EMIT changed();
}

LlmSettings LlmSettingsForm::settings() const
{
    LlmSettings settings = m_settings;
    settings.endpoint = m_endpoint->text().trimmed();
    settings.model = m_model->text().trimmed();
    settings.concurrency = m_concurrency->value();
    settings.captionsPerRequest = m_captions->value();
    settings.timeoutMs = 1000 * m_timeout->value();
    settings.inputPrice = m_inputPrice->value();
    settings.outputPrice = m_outputPrice->value();
    return settings;
}

QByteArray LlmSettingsForm::key() const
{
    const QByteArray typed = m_key->text().trimmed().toUtf8();
    return typed.isEmpty() ? m_found.value : typed;
}

/// A key belongs to its endpoint: another one has another or none.
void LlmSettingsForm::onEndpoint()
{
    QString origin;
    try {
        origin = settings().origin();
    } catch (const model::Error&) { // not typed to its end yet
    }
    if (origin != m_origin) {
        m_origin = origin;
        m_found = {};
        m_key->clear();
        lookForKey();
    }
    Q_EMIT changed();
}

void LlmSettingsForm::lookForKey()
{
    showKey();
    if (m_origin.isEmpty()) {
        return;
    }
    findKey(settings(), this, [this, origin = m_origin](const LlmKey& key) {
        if (origin == m_origin) {
            m_found = key;
            showKey();
            Q_EMIT changed();
        }
    });
}

void LlmSettingsForm::showKey()
{
    const bool isTyped = !m_key->text().trimmed().isEmpty();
    m_keyStatus->setText(m_origin.isEmpty() ? tr("A key belongs to an endpoint.")
                         : isTyped          ? tr("As typed, until the window is closed.")
                                            : tr("Now: %1").arg(keyStatus(m_found)));
    m_store->setEnabled(isTyped && !m_origin.isEmpty());
    m_remove->setEnabled(m_found.source == LlmKey::Source::Keyring);
}

void LlmSettingsForm::store()
{
    storeKey(settings(), key(), this, [this](const QString& why) {
        if (why.isEmpty()) {
            m_key->clear();
            lookForKey();
        } else {
            Q_EMIT problem(tr("The key was not kept: %1.").arg(why));
        }
    });
}

void LlmSettingsForm::remove()
{
    removeKey(settings(), this, [this](const QString& why) {
        if (!why.isEmpty()) {
            Q_EMIT problem(tr("The key is still there: %1.").arg(why));
        }
        lookForKey();
    });
}

} // namespace tagalign::app
