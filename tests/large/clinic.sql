-- ## people: Patients, their families and the staff.

-- A person who is or was treated here.
CREATE TABLE patients (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL, -- What it is called.
  birth_date TEXT NOT NULL, -- As YYYY-MM-DD.
  sex TEXT NOT NULL,
  phone TEXT,
  email TEXT, -- Where mail goes.
  blood_group TEXT,
  primary_doctor_id INTEGER REFERENCES doctors (id) ON DELETE SET NULL, -- Which of the doctors, if any.
  deceased_at INTEGER, -- In Unix seconds.
  created_at INTEGER NOT NULL DEFAULT (unixepoch()) -- When the row was made, in Unix seconds.
);
CREATE INDEX patients_primary_doctor_id ON patients (primary_doctor_id);

-- Whom to call about a patient.
CREATE TABLE patient_contacts (
  id INTEGER PRIMARY KEY,
  patient_id INTEGER NOT NULL REFERENCES patients (id) ON DELETE CASCADE, -- Which of the patients.
  name TEXT NOT NULL, -- What it is called.
  relationship TEXT NOT NULL,
  phone TEXT NOT NULL,
  is_emergency INTEGER NOT NULL DEFAULT 0 CHECK (is_emergency IN (0, 1))
);
CREATE INDEX patient_contacts_patient_id ON patient_contacts (patient_id);

-- What a patient must not be given.
CREATE TABLE patient_allergies (
  id INTEGER PRIMARY KEY,
  patient_id INTEGER NOT NULL REFERENCES patients (id) ON DELETE CASCADE, -- Which of the patients.
  substance_id INTEGER NOT NULL REFERENCES substances (id), -- Which of the substances.
  severity TEXT NOT NULL,
  noted_by INTEGER REFERENCES staff (id) ON DELETE SET NULL, -- Which of the staff, if any.
  noted_at INTEGER NOT NULL DEFAULT (unixepoch()) -- In Unix seconds.
);
CREATE INDEX patient_allergies_patient_id ON patient_allergies (patient_id);
CREATE INDEX patient_allergies_substance_id ON patient_allergies (substance_id);
CREATE INDEX patient_allergies_noted_by ON patient_allergies (noted_by);

-- What a patient agreed to.
CREATE TABLE patient_consents (
  id INTEGER PRIMARY KEY,
  patient_id INTEGER NOT NULL REFERENCES patients (id) ON DELETE CASCADE, -- Which of the patients.
  document_id INTEGER REFERENCES documents (id) ON DELETE SET NULL, -- Which of the documents, if any.
  purpose TEXT NOT NULL,
  given_at INTEGER NOT NULL DEFAULT (unixepoch()), -- In Unix seconds.
  withdrawn_at INTEGER -- In Unix seconds.
);
CREATE INDEX patient_consents_patient_id ON patient_consents (patient_id);
CREATE INDEX patient_consents_document_id ON patient_consents (document_id);

-- Everyone who works here.
CREATE TABLE staff (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL, -- What it is called.
  email TEXT NOT NULL UNIQUE, -- Where mail goes.
  role TEXT NOT NULL,
  hired_on TEXT NOT NULL, -- As YYYY-MM-DD.
  left_on TEXT, -- As YYYY-MM-DD.
  manager_id INTEGER REFERENCES staff (id) ON DELETE SET NULL, -- Which of the staff, if any.
  department_id INTEGER NOT NULL REFERENCES departments (id) -- Which of the departments.
);
CREATE INDEX staff_manager_id ON staff (manager_id);
CREATE INDEX staff_department_id ON staff (department_id);

-- What is known of a member of staff who is a doctor.
CREATE TABLE doctors (
  id INTEGER PRIMARY KEY,
  staff_id INTEGER NOT NULL REFERENCES staff (id) UNIQUE, -- Which of the staff.
  license_number TEXT NOT NULL UNIQUE,
  speciality_id INTEGER NOT NULL REFERENCES specialities (id), -- Which of the specialities.
  signature BLOB
);
CREATE INDEX doctors_speciality_id ON doctors (speciality_id);

-- What is known of a member of staff who is a nurse.
CREATE TABLE nurses (
  id INTEGER PRIMARY KEY,
  staff_id INTEGER NOT NULL REFERENCES staff (id) UNIQUE, -- Which of the staff.
  grade TEXT NOT NULL,
  ward_id INTEGER REFERENCES wards (id) ON DELETE SET NULL -- Which of the wards, if any.
);
CREATE INDEX nurses_ward_id ON nurses (ward_id);

-- Fields of medicine, as a tree.
CREATE TABLE specialities (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE, -- What it is called.
  code TEXT NOT NULL UNIQUE, -- A short name that never changes.
  parent_id INTEGER REFERENCES specialities (id) ON DELETE SET NULL -- Which of the specialities, if any.
);
CREATE INDEX specialities_parent_id ON specialities (parent_id);

-- ## places: Buildings, wards, rooms and beds.

-- A house of the hospital.
CREATE TABLE buildings (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL, -- What it is called.
  street TEXT NOT NULL,
  city TEXT NOT NULL,
  postcode TEXT NOT NULL,
  latitude REAL,
  longitude REAL
);

-- An organisational unit; its head is one of its doctors.
CREATE TABLE departments (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE, -- What it is called.
  building_id INTEGER NOT NULL REFERENCES buildings (id), -- Which of the buildings.
  head_id INTEGER REFERENCES doctors (id) ON DELETE SET NULL, -- Which of the doctors, if any.
  cost_centre TEXT NOT NULL,
  phone TEXT
);
CREATE INDEX departments_building_id ON departments (building_id);
CREATE INDEX departments_head_id ON departments (head_id);

-- A station with rooms and beds.
CREATE TABLE wards (
  id INTEGER PRIMARY KEY,
  department_id INTEGER NOT NULL REFERENCES departments (id), -- Which of the departments.
  name TEXT NOT NULL, -- What it is called.
  floor INTEGER NOT NULL,
  capacity INTEGER NOT NULL
);
CREATE INDEX wards_department_id ON wards (department_id);

-- A room of a ward.
CREATE TABLE rooms (
  id INTEGER PRIMARY KEY,
  ward_id INTEGER NOT NULL REFERENCES wards (id), -- Which of the wards.
  number TEXT NOT NULL, -- Counted from 1, or printed on paper.
  kind TEXT NOT NULL, -- Which sort it is.
  is_isolated INTEGER NOT NULL DEFAULT 0 CHECK (is_isolated IN (0, 1))
);
CREATE INDEX rooms_ward_id ON rooms (ward_id);

-- A bed, which moves between rooms.
CREATE TABLE beds (
  id INTEGER PRIMARY KEY,
  room_id INTEGER NOT NULL REFERENCES rooms (id), -- Which of the rooms.
  label TEXT NOT NULL,
  state TEXT NOT NULL DEFAULT 'new', -- How far it has come.
  cleaned_at INTEGER -- In Unix seconds.
);
CREATE INDEX beds_room_id ON beds (room_id);

-- A device that is inventoried.
CREATE TABLE equipment (
  id INTEGER PRIMARY KEY,
  serial_number TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL, -- What it is called.
  room_id INTEGER REFERENCES rooms (id) ON DELETE SET NULL, -- Which of the rooms, if any.
  bought_on TEXT NOT NULL, -- As YYYY-MM-DD.
  price INTEGER, -- In cents, with tax.
  next_check_on TEXT -- As YYYY-MM-DD.
);
CREATE INDEX equipment_room_id ON equipment (room_id);

-- A safety check of a device.
CREATE TABLE equipment_checks (
  id INTEGER PRIMARY KEY,
  equipment_id INTEGER NOT NULL REFERENCES equipment (id) ON DELETE CASCADE, -- Which of the equipment.
  checked_by INTEGER NOT NULL REFERENCES staff (id), -- Which of the staff.
  checked_at INTEGER NOT NULL DEFAULT (unixepoch()), -- In Unix seconds.
  passed INTEGER NOT NULL DEFAULT 0 CHECK (passed IN (0, 1)),
  remarks TEXT
);
CREATE INDEX equipment_checks_equipment_id ON equipment_checks (equipment_id);
CREATE INDEX equipment_checks_checked_by ON equipment_checks (checked_by);

-- ## care: Visits, diagnoses and what is done.

-- A time that a patient has with a doctor.
CREATE TABLE appointments (
  id INTEGER PRIMARY KEY,
  patient_id INTEGER NOT NULL REFERENCES patients (id), -- Which of the patients.
  doctor_id INTEGER NOT NULL REFERENCES doctors (id), -- Which of the doctors.
  room_id INTEGER REFERENCES rooms (id) ON DELETE SET NULL, -- Which of the rooms, if any.
  starts_at INTEGER NOT NULL DEFAULT (unixepoch()), -- In Unix seconds.
  ends_at INTEGER NOT NULL DEFAULT (unixepoch()), -- In Unix seconds.
  state TEXT NOT NULL DEFAULT 'new', -- How far it has come.
  reason TEXT -- Why, in one sentence.
);
CREATE INDEX appointments_patient_id ON appointments (patient_id);
CREATE INDEX appointments_doctor_id ON appointments (doctor_id);
CREATE INDEX appointments_room_id ON appointments (room_id);

-- A stay in the hospital.
CREATE TABLE admissions (
  id INTEGER PRIMARY KEY,
  patient_id INTEGER NOT NULL REFERENCES patients (id), -- Which of the patients.
  bed_id INTEGER REFERENCES beds (id) ON DELETE SET NULL, -- Which of the beds, if any.
  admitted_by INTEGER NOT NULL REFERENCES doctors (id), -- Which of the doctors.
  admitted_at INTEGER NOT NULL DEFAULT (unixepoch()), -- In Unix seconds.
  discharged_at INTEGER, -- In Unix seconds.
  reason TEXT NOT NULL -- Why, in one sentence.
);
CREATE INDEX admissions_patient_id ON admissions (patient_id);
CREATE INDEX admissions_bed_id ON admissions (bed_id);
CREATE INDEX admissions_admitted_by ON admissions (admitted_by);

-- A patient meeting a doctor, planned or not.
CREATE TABLE encounters (
  id INTEGER PRIMARY KEY,
  patient_id INTEGER NOT NULL REFERENCES patients (id), -- Which of the patients.
  appointment_id INTEGER REFERENCES appointments (id) ON DELETE SET NULL, -- Which of the appointments, if any.
  admission_id INTEGER REFERENCES admissions (id) ON DELETE SET NULL, -- Which of the admissions, if any.
  doctor_id INTEGER NOT NULL REFERENCES doctors (id), -- Which of the doctors.
  began_at INTEGER NOT NULL DEFAULT (unixepoch()), -- In Unix seconds.
  ended_at INTEGER -- In Unix seconds.
);
CREATE INDEX encounters_patient_id ON encounters (patient_id);
CREATE INDEX encounters_appointment_id ON encounters (appointment_id);
CREATE INDEX encounters_admission_id ON encounters (admission_id);

-- What a doctor found in an encounter.
CREATE TABLE diagnoses (
  id INTEGER PRIMARY KEY,
  encounter_id INTEGER NOT NULL REFERENCES encounters (id), -- Which of the encounters.
  code_id INTEGER NOT NULL REFERENCES diagnosis_codes (id), -- Which of the diagnosis codes.
  certainty TEXT NOT NULL,
  is_primary INTEGER NOT NULL DEFAULT 0 CHECK (is_primary IN (0, 1)),
  noted_at INTEGER NOT NULL DEFAULT (unixepoch()) -- In Unix seconds.
);
CREATE INDEX diagnoses_encounter_id ON diagnoses (encounter_id);
CREATE INDEX diagnoses_code_id ON diagnoses (code_id);

-- The classification of diseases, as a tree.
CREATE TABLE diagnosis_codes (
  id INTEGER PRIMARY KEY,
  code TEXT NOT NULL UNIQUE, -- A short name that never changes.
  title TEXT NOT NULL, -- What is shown in lists.
  chapter TEXT NOT NULL,
  parent_id INTEGER REFERENCES diagnosis_codes (id) ON DELETE SET NULL, -- Which of the diagnosis codes, if any.
  valid_until TEXT -- As YYYY-MM-DD.
);
CREATE INDEX diagnosis_codes_parent_id ON diagnosis_codes (parent_id);

-- Something that was done to a patient.
CREATE TABLE procedures (
  id INTEGER PRIMARY KEY,
  encounter_id INTEGER NOT NULL REFERENCES encounters (id), -- Which of the encounters.
  code_id INTEGER NOT NULL REFERENCES procedure_codes (id), -- Which of the procedure codes.
  performed_by INTEGER NOT NULL REFERENCES staff (id), -- Which of the staff.
  performed_at INTEGER NOT NULL DEFAULT (unixepoch()), -- In Unix seconds.
  minutes INTEGER
);
CREATE INDEX procedures_encounter_id ON procedures (encounter_id);
CREATE INDEX procedures_code_id ON procedures (code_id);
CREATE INDEX procedures_performed_by ON procedures (performed_by);

-- The catalogue of procedures.
CREATE TABLE procedure_codes (
  id INTEGER PRIMARY KEY,
  code TEXT NOT NULL UNIQUE, -- A short name that never changes.
  title TEXT NOT NULL, -- What is shown in lists.
  points INTEGER NOT NULL
);

-- Pulse, blood pressure and temperature at one time.
CREATE TABLE vital_signs (
  id INTEGER PRIMARY KEY,
  encounter_id INTEGER NOT NULL REFERENCES encounters (id), -- Which of the encounters.
  taken_by INTEGER REFERENCES nurses (id) ON DELETE SET NULL, -- Which of the nurses, if any.
  taken_at INTEGER NOT NULL DEFAULT (unixepoch()), -- In Unix seconds.
  pulse INTEGER,
  systolic INTEGER,
  diastolic INTEGER,
  temperature REAL
);
CREATE INDEX vital_signs_encounter_id ON vital_signs (encounter_id);
CREATE INDEX vital_signs_taken_by ON vital_signs (taken_by);

-- What should happen with a patient in the next time.
CREATE TABLE care_plans (
  id INTEGER PRIMARY KEY,
  patient_id INTEGER NOT NULL REFERENCES patients (id), -- Which of the patients.
  author_id INTEGER NOT NULL REFERENCES doctors (id), -- Which of the doctors.
  goal TEXT NOT NULL,
  starts_on TEXT NOT NULL, -- As YYYY-MM-DD.
  ends_on TEXT -- As YYYY-MM-DD.
);
CREATE INDEX care_plans_patient_id ON care_plans (patient_id);
CREATE INDEX care_plans_author_id ON care_plans (author_id);

-- A step of a plan, maybe after another.
CREATE TABLE care_plan_steps (
  id INTEGER PRIMARY KEY,
  care_plan_id INTEGER NOT NULL REFERENCES care_plans (id) ON DELETE CASCADE, -- Which of the care plans.
  position INTEGER NOT NULL, -- Its place among its kind, from 0.
  text TEXT NOT NULL, -- Plain text, without markup.
  done_at INTEGER, -- In Unix seconds.
  done_by INTEGER REFERENCES staff (id) ON DELETE SET NULL, -- Which of the staff, if any.
  after_id INTEGER REFERENCES care_plan_steps (id) ON DELETE SET NULL -- Which of the care plan steps, if any.
);
CREATE INDEX care_plan_steps_care_plan_id ON care_plan_steps (care_plan_id);
CREATE INDEX care_plan_steps_done_by ON care_plan_steps (done_by);
CREATE INDEX care_plan_steps_after_id ON care_plan_steps (after_id);

-- Free text; a correction replaces an older note.
CREATE TABLE notes (
  id INTEGER PRIMARY KEY,
  encounter_id INTEGER NOT NULL REFERENCES encounters (id), -- Which of the encounters.
  author_id INTEGER NOT NULL REFERENCES staff (id), -- Which of the staff.
  text TEXT NOT NULL, -- Plain text, without markup.
  written_at INTEGER NOT NULL DEFAULT (unixepoch()), -- In Unix seconds.
  replaces_id INTEGER REFERENCES notes (id) ON DELETE SET NULL -- Which of the notes, if any.
);
CREATE INDEX notes_encounter_id ON notes (encounter_id);
CREATE INDEX notes_author_id ON notes (author_id);
CREATE INDEX notes_replaces_id ON notes (replaces_id);

-- A patient sent on to another department.
CREATE TABLE referrals (
  id INTEGER PRIMARY KEY,
  from_encounter_id INTEGER NOT NULL REFERENCES encounters (id), -- Which of the encounters.
  to_department_id INTEGER NOT NULL REFERENCES departments (id), -- Which of the departments.
  urgency TEXT NOT NULL,
  written_at INTEGER NOT NULL DEFAULT (unixepoch()), -- In Unix seconds.
  accepted_by INTEGER REFERENCES doctors (id) ON DELETE SET NULL -- Which of the doctors, if any.
);
CREATE INDEX referrals_from_encounter_id ON referrals (from_encounter_id);
CREATE INDEX referrals_to_department_id ON referrals (to_department_id);
CREATE INDEX referrals_accepted_by ON referrals (accepted_by);

-- ## laboratory: Samples, tests and results.

-- A department's laboratory.
CREATE TABLE laboratories (
  id INTEGER PRIMARY KEY,
  department_id INTEGER NOT NULL REFERENCES departments (id) UNIQUE, -- Which of the departments.
  accreditation TEXT,
  opens_at TEXT NOT NULL,
  closes_at TEXT NOT NULL
);

-- A kind of test with its normal range.
CREATE TABLE test_types (
  id INTEGER PRIMARY KEY,
  code TEXT NOT NULL UNIQUE, -- A short name that never changes.
  name TEXT NOT NULL, -- What it is called.
  unit TEXT,
  low REAL,
  high REAL,
  substance_id INTEGER REFERENCES substances (id) ON DELETE SET NULL -- Which of the substances, if any.
);
CREATE INDEX test_types_substance_id ON test_types (substance_id);

-- What a doctor wants examined.
CREATE TABLE lab_orders (
  id INTEGER PRIMARY KEY,
  encounter_id INTEGER NOT NULL REFERENCES encounters (id), -- Which of the encounters.
  laboratory_id INTEGER NOT NULL REFERENCES laboratories (id), -- Which of the laboratories.
  ordered_by INTEGER NOT NULL REFERENCES doctors (id), -- Which of the doctors.
  ordered_at INTEGER NOT NULL DEFAULT (unixepoch()), -- In Unix seconds.
  priority TEXT NOT NULL
);
CREATE INDEX lab_orders_encounter_id ON lab_orders (encounter_id);
CREATE INDEX lab_orders_laboratory_id ON lab_orders (laboratory_id);
CREATE INDEX lab_orders_ordered_by ON lab_orders (ordered_by);

-- Blood, say, in a tube.
CREATE TABLE lab_samples (
  id INTEGER PRIMARY KEY,
  lab_order_id INTEGER NOT NULL REFERENCES lab_orders (id), -- Which of the lab orders.
  barcode TEXT NOT NULL UNIQUE,
  material TEXT NOT NULL,
  taken_at INTEGER NOT NULL DEFAULT (unixepoch()), -- In Unix seconds.
  taken_by INTEGER REFERENCES nurses (id) ON DELETE SET NULL -- Which of the nurses, if any.
);
CREATE INDEX lab_samples_lab_order_id ON lab_samples (lab_order_id);
CREATE INDEX lab_samples_taken_by ON lab_samples (taken_by);

-- What was measured in a sample.
CREATE TABLE lab_results (
  id INTEGER PRIMARY KEY,
  lab_sample_id INTEGER NOT NULL REFERENCES lab_samples (id), -- Which of the lab samples.
  test_type_id INTEGER NOT NULL REFERENCES test_types (id), -- Which of the test types.
  value REAL,
  text TEXT, -- Plain text, without markup.
  flag TEXT,
  released_by INTEGER REFERENCES staff (id) ON DELETE SET NULL, -- Which of the staff, if any.
  released_at INTEGER -- In Unix seconds.
);
CREATE INDEX lab_results_lab_sample_id ON lab_results (lab_sample_id);
CREATE INDEX lab_results_test_type_id ON lab_results (test_type_id);
CREATE INDEX lab_results_released_by ON lab_results (released_by);

-- X-ray, CT, MRI and ultrasound.
CREATE TABLE imaging_studies (
  id INTEGER PRIMARY KEY,
  encounter_id INTEGER NOT NULL REFERENCES encounters (id), -- Which of the encounters.
  equipment_id INTEGER REFERENCES equipment (id) ON DELETE SET NULL, -- Which of the equipment, if any.
  modality TEXT NOT NULL,
  taken_at INTEGER NOT NULL DEFAULT (unixepoch()), -- In Unix seconds.
  report_id INTEGER REFERENCES documents (id) ON DELETE SET NULL -- Which of the documents, if any.
);
CREATE INDEX imaging_studies_encounter_id ON imaging_studies (encounter_id);
CREATE INDEX imaging_studies_equipment_id ON imaging_studies (equipment_id);
CREATE INDEX imaging_studies_report_id ON imaging_studies (report_id);

-- A series of images of a study.
CREATE TABLE imaging_series (
  id INTEGER PRIMARY KEY,
  study_id INTEGER NOT NULL REFERENCES imaging_studies (id), -- Which of the imaging studies.
  number INTEGER NOT NULL, -- Counted from 1, or printed on paper.
  description TEXT, -- A few sentences.
  images INTEGER NOT NULL
);
CREATE INDEX imaging_series_study_id ON imaging_series (study_id);

-- ## pharmacy: Substances, drugs and who gets them.

-- What is in a drug.
CREATE TABLE substances (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE, -- What it is called.
  atc_code TEXT
);

-- A product as it is bought.
CREATE TABLE drugs (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL, -- What it is called.
  form TEXT NOT NULL,
  strength TEXT NOT NULL,
  substance_id INTEGER NOT NULL REFERENCES substances (id), -- Which of the substances.
  manufacturer_id INTEGER NOT NULL REFERENCES manufacturers (id), -- Which of the manufacturers.
  is_controlled INTEGER NOT NULL DEFAULT 0 CHECK (is_controlled IN (0, 1))
);
CREATE INDEX drugs_substance_id ON drugs (substance_id);
CREATE INDEX drugs_manufacturer_id ON drugs (manufacturer_id);

-- Two substances that don't go together.
CREATE TABLE drug_interactions (
  id INTEGER PRIMARY KEY,
  first_id INTEGER NOT NULL REFERENCES substances (id), -- Which of the substances.
  second_id INTEGER NOT NULL REFERENCES substances (id), -- Which of the substances.
  severity TEXT NOT NULL,
  text TEXT NOT NULL -- Plain text, without markup.
);
CREATE INDEX drug_interactions_first_id ON drug_interactions (first_id);
CREATE INDEX drug_interactions_second_id ON drug_interactions (second_id);

-- Who makes drugs.
CREATE TABLE manufacturers (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE, -- What it is called.
  country TEXT NOT NULL
);

-- A doctor's order for drugs.
CREATE TABLE prescriptions (
  id INTEGER PRIMARY KEY,
  encounter_id INTEGER NOT NULL REFERENCES encounters (id), -- Which of the encounters.
  prescriber_id INTEGER NOT NULL REFERENCES doctors (id), -- Which of the doctors.
  written_at INTEGER NOT NULL DEFAULT (unixepoch()), -- In Unix seconds.
  valid_until TEXT -- As YYYY-MM-DD.
);
CREATE INDEX prescriptions_encounter_id ON prescriptions (encounter_id);
CREATE INDEX prescriptions_prescriber_id ON prescriptions (prescriber_id);

-- A drug of a prescription.
CREATE TABLE prescription_items (
  id INTEGER PRIMARY KEY,
  prescription_id INTEGER NOT NULL REFERENCES prescriptions (id) ON DELETE CASCADE, -- Which of the prescriptions.
  drug_id INTEGER NOT NULL REFERENCES drugs (id), -- Which of the drugs.
  dose TEXT NOT NULL,
  times_a_day INTEGER NOT NULL,
  days INTEGER
);
CREATE INDEX prescription_items_prescription_id ON prescription_items (prescription_id);
CREATE INDEX prescription_items_drug_id ON prescription_items (drug_id);

-- A drug handed out.
CREATE TABLE dispensations (
  id INTEGER PRIMARY KEY,
  prescription_item_id INTEGER NOT NULL REFERENCES prescription_items (id), -- Which of the prescription items.
  stock_id INTEGER NOT NULL REFERENCES drug_stock (id), -- Which of the drug stock.
  quantity INTEGER NOT NULL, -- How many.
  dispensed_by INTEGER NOT NULL REFERENCES staff (id), -- Which of the staff.
  dispensed_at INTEGER NOT NULL DEFAULT (unixepoch()) -- In Unix seconds.
);
CREATE INDEX dispensations_prescription_item_id ON dispensations (prescription_item_id);
CREATE INDEX dispensations_stock_id ON dispensations (stock_id);
CREATE INDEX dispensations_dispensed_by ON dispensations (dispensed_by);

-- What lies where.
CREATE TABLE drug_stock (
  id INTEGER PRIMARY KEY,
  drug_id INTEGER NOT NULL REFERENCES drugs (id) ON DELETE CASCADE, -- Which of the drugs.
  batch TEXT NOT NULL,
  expires_on TEXT NOT NULL, -- As YYYY-MM-DD.
  quantity INTEGER NOT NULL, -- How many.
  ward_id INTEGER REFERENCES wards (id) ON DELETE SET NULL -- Which of the wards, if any.
);
CREATE INDEX drug_stock_drug_id ON drug_stock (drug_id);
CREATE INDEX drug_stock_ward_id ON drug_stock (ward_id);

-- ## billing: Insurers, invoices and payments.

-- Who pays.
CREATE TABLE insurers (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE, -- What it is called.
  payer_code TEXT NOT NULL UNIQUE,
  electronic INTEGER NOT NULL DEFAULT 0 CHECK (electronic IN (0, 1))
);

-- A patient's contract with an insurer.
CREATE TABLE insurances (
  id INTEGER PRIMARY KEY,
  patient_id INTEGER NOT NULL REFERENCES patients (id), -- Which of the patients.
  insurer_id INTEGER NOT NULL REFERENCES insurers (id), -- Which of the insurers.
  number TEXT NOT NULL, -- Counted from 1, or printed on paper.
  valid_from TEXT NOT NULL, -- As YYYY-MM-DD.
  valid_until TEXT -- As YYYY-MM-DD.
);
CREATE INDEX insurances_patient_id ON insurances (patient_id);
CREATE INDEX insurances_insurer_id ON insurances (insurer_id);

-- A bill.
CREATE TABLE invoices (
  id INTEGER PRIMARY KEY,
  patient_id INTEGER NOT NULL REFERENCES patients (id), -- Which of the patients.
  admission_id INTEGER REFERENCES admissions (id) ON DELETE SET NULL, -- Which of the admissions, if any.
  insurance_id INTEGER REFERENCES insurances (id) ON DELETE SET NULL, -- Which of the insurances, if any.
  number TEXT NOT NULL UNIQUE, -- Counted from 1, or printed on paper.
  issued_at INTEGER NOT NULL DEFAULT (unixepoch()), -- In Unix seconds.
  total INTEGER NOT NULL, -- In cents, with tax.
  state TEXT NOT NULL DEFAULT 'new' -- How far it has come.
);
CREATE INDEX invoices_patient_id ON invoices (patient_id);
CREATE INDEX invoices_admission_id ON invoices (admission_id);
CREATE INDEX invoices_insurance_id ON invoices (insurance_id);

-- A line of a bill.
CREATE TABLE invoice_lines (
  id INTEGER PRIMARY KEY,
  invoice_id INTEGER NOT NULL REFERENCES invoices (id) ON DELETE CASCADE, -- Which of the invoices.
  procedure_id INTEGER REFERENCES procedures (id) ON DELETE SET NULL, -- Which of the procedures, if any.
  text TEXT NOT NULL, -- Plain text, without markup.
  quantity INTEGER NOT NULL, -- How many.
  price INTEGER NOT NULL -- In cents, with tax.
);
CREATE INDEX invoice_lines_invoice_id ON invoice_lines (invoice_id);
CREATE INDEX invoice_lines_procedure_id ON invoice_lines (procedure_id);

-- Money that came for a bill.
CREATE TABLE payments (
  id INTEGER PRIMARY KEY,
  invoice_id INTEGER NOT NULL REFERENCES invoices (id), -- Which of the invoices.
  amount INTEGER NOT NULL, -- In cents.
  paid_at INTEGER NOT NULL DEFAULT (unixepoch()), -- In Unix seconds.
  method TEXT NOT NULL,
  reference TEXT
);
CREATE INDEX payments_invoice_id ON payments (invoice_id);

-- ##

-- A file of any kind.
CREATE TABLE documents (
  id INTEGER PRIMARY KEY,
  title TEXT NOT NULL, -- What is shown in lists.
  media_type TEXT NOT NULL,
  size INTEGER NOT NULL,
  sha256 TEXT NOT NULL UNIQUE,
  content BLOB,
  created_at INTEGER NOT NULL DEFAULT (unixepoch()) -- When the row was made, in Unix seconds.
);

-- Who changed what. Nothing refers to it, and it refers to nothing.
CREATE TABLE audit_log (
  id INTEGER PRIMARY KEY,
  happened_at INTEGER NOT NULL DEFAULT (unixepoch()), -- In Unix seconds.
  actor TEXT NOT NULL,
  table_name TEXT NOT NULL,
  row_id TEXT NOT NULL,
  action TEXT NOT NULL,
  before TEXT, -- JSON text.
  after TEXT -- JSON text.
);

-- The application's settings.
CREATE TABLE settings (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE, -- What it is called.
  value TEXT NOT NULL, -- JSON text.
  changed_at INTEGER NOT NULL DEFAULT (unixepoch()) -- In Unix seconds.
);
CREATE TRIGGER beds_cleaned AFTER UPDATE OF state ON beds WHEN new.state = 'clean' BEGIN
  UPDATE beds SET cleaned_at = unixepoch() WHERE id = new.id;
END;
CREATE VIEW free_beds AS SELECT beds.id, beds.label, rooms.number FROM beds JOIN rooms ON rooms.id = beds.room_id WHERE beds.state = 'free';
